"""The console in a browser, against the real thing: from an empty system, reports of two companies arrive while the page is open."""
import argparse
import atexit
import hashlib
import io
import json
import pathlib
import queue
import shutil
import subprocess
import sys
import threading
import time
import zipfile

from playwright.sync_api import expect, sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "http"))
import browser  # noqa: E402
from world import World  # noqa: E402

SKIPPED = 77
FIRST_PAGE_BYTES_MAX = 300_000
# On a quiet machine it is a fifth of a second. On a loaded one it is tried until the machine has a moment for it.
FIRST_PAGE_SECONDS_MAX = 1.0
FIRST_PAGE_TRIES_MAX = 12
PHONE, HOST, WALLET = "(212) 555-0142", "hxxps://help[.]refund-desk[.]example/start", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"


def report(number, partner):
    return {"reportId": f"{partner}-{number}", "occurredAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600 * number)),
            "victim": {"country": "US" if number % 2 else "GB", "handles": [{"kind": "KIND_PHONE", "value": f"+1212555{1000 + number}"}]},
            "scamType": "SCAM_TYPE_REFUND", "impersonated": "Microsoft",
            "identifiers": [{"type": "IDENTIFIER_TYPE_PHONE", "value": PHONE, "region": "US", "role": "IDENTIFIER_ROLE_CALLBACK"},
                            {"type": "IDENTIFIER_TYPE_URL", "value": HOST, "role": "IDENTIFIER_ROLE_WEB_HOST"}],
            "payments": [{"rail": "RAIL_CRYPTO", "status": "STATUS_SETTLED", "amount": "299.50", "currency": "USD",
                          "payee": {"type": "IDENTIFIER_TYPE_WALLET", "scheme": "bitcoin", "value": WALLET}}]}


class Watched:
    """A page, and what went wrong on it."""

    def __init__(self, chromium, url, **context):
        self.url = url
        self.context = chromium.new_context(**context)
        self.page = self.context.new_page()
        self.complaints = []
        self.page.on("console", lambda message: message.type in ("error", "warning") and not self.is_expected(message.text) and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: request.url.startswith((url + "/", "data:", "blob:" + url + "/")) or self.complaints.append("asks " + request.url))

    @staticmethod
    def is_expected(text):
        # The software renderer of machines without a graphics card says that it is slow.
        return "GPU stall due to ReadPixels" in text or "GL Driver Message" in text

    def close(self):
        assert not self.complaints, self.complaints
        self.context.close()


def check_accessible(page, axe, what):
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    serious = [f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found if one["impact"] in ("serious", "critical")]
    assert not serious, f"{what}: {serious}"


def check_narrow(page, what):
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], f"{what} is {width} wide"


def check_tables(page, what):
    """Tables fit into their place, so that no column is out of sight; but for the matrix, which grows with what is compared."""
    cut = page.evaluate("""[...document.querySelectorAll('.scroll table:not(.matrix)')]
        .filter((table) => table.scrollWidth > table.parentElement.clientWidth).map((table) => table.parentElement.ariaLabel)""")
    assert not cut, f"{what}: cut are {cut}"


def load_first_page(chromium, url):
    watched = Watched(chromium, url)
    session = watched.context.new_cdp_session(watched.page)
    session.send("Network.enable")
    sizes = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    start = time.monotonic()
    watched.page.goto(url)
    expect(watched.page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    watched.page.get_by_text("Organisations").first.wait_for()
    seconds = time.monotonic() - start
    watched.page.wait_for_timeout(200)
    watched.close()
    return sum(sizes), seconds


def check_first_page(chromium, url):
    size, seconds = 0, FIRST_PAGE_SECONDS_MAX
    for _ in range(FIRST_PAGE_TRIES_MAX):
        # Each with an empty cache.
        loaded, took = load_first_page(chromium, url)
        size, seconds = max(size, loaded), took
        if took < FIRST_PAGE_SECONDS_MAX:
            break
    print(f"first page: {size / 1000:.0f} kB compressed, {seconds:.2f} s")
    assert 0 < size < FIRST_PAGE_BYTES_MAX, size
    assert seconds < FIRST_PAGE_SECONDS_MAX, seconds


def send(world, *partners_reports):
    files = []
    for partner, reports in partners_reports:
        files.append(world.folder / f"{partner}.jsonl")
        files[-1].write_text("".join(json.dumps(one) + "\n" for one in reports))
    world.ingest(files)


def check_arrival(world, page):
    """From nothing to an explained campaign, without a reload."""
    expect(page.get_by_text("No campaign yet").first).to_be_visible()
    page.evaluate("window.stayed = true")
    for partner, numbers in (("software-maker", (1, 2)), ("savings-bank", (3, 4))):
        send(world, (partner, [report(number, partner) for number in numbers]))
    row = page.get_by_role("link", name="Microsoft")
    expect(row).to_be_visible(timeout=30_000)
    expect(page.locator(".feed li").first).to_be_visible(timeout=10_000)
    expect(page.locator(".matrix").get_by_text("software-maker").first).to_be_visible(timeout=10_000)
    expect(page.locator(".matrix td[title='savings-bank and software-maker: 1 campaigns, 0 incidents']")).to_be_visible()
    row.click()
    expect(page.get_by_role("heading", name="Microsoft", level=1)).to_be_visible()
    expect(page.locator(".graph canvas").first).to_be_visible()
    table = page.get_by_role("region", name="Indicators of the campaign")
    table.get_by_role("button", name="+12125550142").click()
    why = page.locator(".why")
    expect(why.get_by_text("+12125550142")).to_be_visible()
    expect(why.get_by_text("4 incidents in 4 reports of 2 organisations count.")).to_be_visible()
    expect(why.get_by_text("Two organisations have two incidents each.")).to_be_visible()
    expect(page.get_by_text("USD\u00a01,198")).to_be_visible()
    countries = page.get_by_role("list", name="Incidents by country")
    expect(countries.get_by_role("listitem").filter(has_text="United Kingdom")).to_contain_text("2")
    expect(page.locator(".plot canvas")).to_be_visible()
    expect(page.locator("figcaption")).to_contain_text("4 indicators, first seen on 1 day ")
    ties = page.get_by_role("region", name="Thinnest ties")
    expect(ties.get_by_role("button", name="bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq").first).to_be_visible()
    expect(page.locator("[data-laid-out]")).to_be_visible(timeout=10_000)
    assert "i=%2B12125550142" in page.url, page.url
    assert page.evaluate("window.stayed"), "the page was loaded anew"


def check_search(page):
    page.keyboard.press("/")
    page.keyboard.type("hxxps://help[.]refund-desk[.]example/start")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Search")).to_be_visible()
    expect(page.locator(".detail .value").filter(has_text="https://help.refund-desk.example/start")).to_be_visible()
    box = page.get_by_role("textbox", name="Values, one a line")
    box.fill(f"{PHONE}\nnobody@nowhere.example")
    page.get_by_label("Country of bare phone numbers").select_option("US")
    box.press("Control+Enter")
    expect(page.get_by_text("1 of 2 listed")).to_be_visible()
    # A link to it finds the same.
    page.reload()
    expect(page.get_by_text("1 of 2 listed")).to_be_visible()


def check_views(chromium, world, axe, paths):
    for scheme, width in (("light", 1440), ("dark", 1280), ("dark", 390)):
        watched = Watched(chromium, world.url, color_scheme=scheme, viewport={"width": width, "height": 900})
        for path in paths:
            watched.page.goto(world.url + path)
            expect(watched.page.locator("h1")).to_be_visible()
            expect(watched.page.get_by_text("Loading…")).to_have_count(0)
            check_accessible(watched.page, axe, f"{path}, {scheme}")
            check_narrow(watched.page, f"{path}, {width}")
            check_tables(watched.page, f"{path}, {width}")
        watched.close()


def check_others(world, page, url):
    spoilt = report(5, "card-issuer")
    spoilt["identifiers"].append({"type": "IDENTIFIER_TYPE_EMAIL", "value": "nobody", "role": "IDENTIFIER_ROLE_CONTACT"})
    send(world, ("card-issuer", [spoilt]))
    page.goto(url + "/console/partners")
    row = page.get_by_role("row").filter(has_text="savings-bank")
    expect(row.get_by_role("cell").nth(1)).to_have_text("2")
    expect(row).to_contain_text("none")
    # What of it could not be used, by its code.
    expect(page.get_by_role("row").filter(has_text="card-issuer").locator("code:visible")).to_contain_text("email.")
    page.goto(url + "/console/pipeline")
    expect(page.get_by_text("ringfence.indicators").first).to_be_visible()


def check_decision(world, page):
    """An operator allows a listed value on the page: it leaves a subscriber's set, and its campaign."""
    subscriber = subprocess.Popen([world.program, "subscribe", "--server", world.grpc, "--consumer", "blocker", "--json"],
                                  stdout=subprocess.PIPE, text=True)
    atexit.register(subscriber.kill)
    heard = queue.Queue()
    threading.Thread(target=lambda: [heard.put(json.loads(line)) for line in subscriber.stdout], daemon=True).start()
    while "snapshotEnd" not in heard.get(timeout=30):
        pass
    page.goto(world.url + "/console/consumers")
    expect(page.get_by_role("row").filter(has_text="blocker").get_by_text("Live")).to_be_visible()
    page.goto(world.url + "/console/search#v=%2B12125550142")
    page.get_by_role("link", name="Decide about it").click()
    expect(page.get_by_role("textbox", name="Value", exact=True)).to_have_value("+12125550142")
    page.get_by_role("combobox", name="Effect").select_option("EFFECT_ALLOW")
    page.get_by_role("textbox", name="Reason").fill("the bank's own line")
    page.get_by_role("textbox", name="Case or ticket").fill("C-17")
    page.get_by_role("button", name="Decide", exact=True).click()
    row = page.get_by_role("row").filter(has_text="+12125550142")
    expect(row.get_by_text("Allow: never listed")).to_be_visible()
    removal = {}
    while removal.get("value") != "+12125550142":
        removal = heard.get(timeout=10).get("removal", {})
    assert removal["reason"] == "allowed", removal
    # What is wrong is said beside the form.
    page.get_by_role("textbox", name="Value", exact=True).fill("call me")
    page.get_by_role("textbox", name="Reason").fill("a mistake")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="override.value")).to_be_visible()
    row.get_by_role("button", name="End the decision").click()
    row.get_by_label("Why does it end?").fill("sold")
    row.get_by_role("button", name="End it").click()
    expect(page.get_by_text("Nothing is decided by hand")).to_be_visible()
    while heard.get(timeout=10).get("upsert", {}).get("value") != "+12125550142":
        pass
    subscriber.terminate()
    subscriber.wait(30)


def check_held(world, page, axe):
    """What is beyond a quota appears on the page, an operator releases it there, and it counts; another's goes on waiting."""
    page.goto(world.url + "/console/partners")
    partners = page.get_by_role("region", name="Partners")
    expect(partners.get_by_role("row").filter(has_text="savings-bank")).to_be_visible()
    expect(page.get_by_text("beyond the quota")).to_have_count(0)
    send(world, *((partner, [report(number, partner) for number in numbers])
                  for partner, numbers in (("savings-bank", (6, 7)), ("software-maker", (8,)))))
    held = page.get_by_role("region", name="Held reports")
    row = held.get_by_role("row").filter(has_text="savings-bank")
    expect(row.get_by_role("cell").nth(1)).to_have_text("2")
    expect(row).to_contain_text("now")
    expect(partners.get_by_role("row").filter(has_text="savings-bank")).to_contain_text("2 held")
    assert evidence(world) == 5
    drop = held.get_by_role("button", name="Drop reports of software-maker")
    drop.press("Enter")
    check_accessible(page, axe, "drop held reports")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(drop).to_be_focused()
    # What is wrong is said in the dialog, by its field.
    row.get_by_role("button", name="Release").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("a backlog, as announced")
    dialog.get_by_label("Arrived before").fill("2020-01-01T00:00")
    dialog.get_by_label("Arrived from").fill("2020-01-02T00:00")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("received_until")
    for span in ("Arrived before", "Arrived from"):
        dialog.get_by_label(span).fill("")
    dialog.get_by_label("Reason").press("Enter")
    expect(page.get_by_text("2 reports of savings-bank released.")).to_be_focused()
    expect(row).to_have_count(0)
    expect(page.get_by_text("2 held")).to_have_count(0)
    expect(held.get_by_role("row").filter(has_text="software-maker")).to_be_visible()
    assert evidence(world) == 7
    assert "a backlog, as announced" in (world.folder / "data" / "audit.log").read_text()


def evidence(world):
    """Incidents that count for the number."""
    [found] = [line["upsert"] for line in map(json.loads, world.run("subscribe", "--server", world.grpc, "--json", "--once").splitlines())
               if line.get("upsert", {}).get("value") == "+12125550142"]
    return found["explanation"]["incidents"]


def check_held_elsewhere(world, page, axe):
    """Analysts see what is held and decide nothing; where it cannot be listed the page says so."""
    session = page.context.request.get(world.url + "/api/v1/session").json()
    # As other processes, and to other people, the server would say.
    page.route("**/api/v1/session", lambda route: route.fulfill(json=session))
    session["operator"] = False
    page.goto(world.url + "/console/partners")
    held = page.get_by_role("region", name="Held reports")
    expect(held).to_contain_text("software-maker")
    expect(page.locator("main").get_by_role("button")).to_have_count(0)
    session["operator"] = True
    session["features"].remove("held")
    page.goto(world.url + "/console/partners")
    expect(page.get_by_text("cannot be listed here")).to_be_visible()
    expect(held).to_have_count(0)
    page.get_by_role("button", name="Release a partner").click()
    expect(page.get_by_role("textbox", name="Partner")).to_be_focused()
    check_accessible(page, axe, "not listed here")
    page.unroute("**/api/v1/session")


def check_keyboard(page, url):
    page.goto(url + "/console/campaigns")
    page.get_by_role("link", name="Microsoft").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_role("link", name="Microsoft").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Microsoft", level=1).wait_for()
    before = page.evaluate("document.documentElement.dataset.theme")
    page.get_by_role("button", name="theme").press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") != before


def check_links(page, world):
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "+12125550142" in pathlib.Path(download.value.path()).read_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="STIX 2.1").click()
    assert json.loads(pathlib.Path(download.value.path()).read_text())["type"] == "bundle"


def check_referral(world, page, campaign, axe):
    """An operator makes a pack; what is saved is what the manifest says, and can be made again."""
    page.goto(world.url + campaign)
    page.get_by_role("button", name="Referral").click()
    dialog = page.get_by_role("dialog")
    check_accessible(page, axe, "referral")
    dialog.get_by_label("Addressee").fill("Central Bureau of Investigation, India")
    dialog.get_by_label("Reference").fill("2026/117")
    dialog.get_by_role("button", name="Make the pack").click()
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Save the pack").click(timeout=30_000)
    data = pathlib.Path(download.value.path()).read_bytes()
    expect(dialog.get_by_text(hashlib.sha256(data).hexdigest())).to_be_visible()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for line in archive.read("MANIFEST.sha256").decode().splitlines():
            assert hashlib.sha256(archive.read(line[66:])).hexdigest() == line[:64], line
        assert "+12125550142" in archive.read("indicators.csv").decode()
        position = json.loads(archive.read("pack.json"))["position"]
    expect(dialog.get_by_text(position)).to_be_visible()
    again = world.folder / "again.zip"
    world.run("referral", "--server", world.grpc, "--position", position, "--out", str(again))
    assert again.read_bytes() == data
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


def check_without_server(world, page):
    """What is shown stays, and says that it is old; with the server it goes on."""
    page.goto(world.url + "/console/")
    page.get_by_role("link", name="Microsoft").wait_for()
    world.stop()
    expect(page.get_by_text("Not connected")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("link", name="Microsoft")).to_be_visible()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--axe", required=True, type=pathlib.Path)
    options = parser.parse_args()
    browser_path = browser.path()
    if browser_path is None or not options.axe.exists():
        print("SKIPPED: " + ("no Chromium is installed" if browser_path is None else "built without the console's pages"))
        sys.exit(SKIPPED)
    # Of a loaded machine.
    expect.set_options(timeout=20_000)
    axe = options.axe.read_text()
    world = World(options.program, reports=0, seed=1, options=("--quota-reports", "2"))
    # A check that fails leaves no server behind.
    atexit.register(world.server.kill)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path, args=browser.FLAGS)
        check_first_page(chromium, world.url)
        watched = Watched(chromium, world.url, color_scheme="light", viewport={"width": 1440, "height": 900})
        watched.page.goto(world.url)
        check_accessible(watched.page, axe, "empty")
        check_arrival(world, watched.page)
        campaign = "/" + watched.page.url.split("/", 3)[3]
        check_links(watched.page, world)
        check_referral(world, watched.page, campaign, axe)
        check_search(watched.page)
        check_others(world, watched.page, world.url)
        check_decision(world, watched.page)
        start = time.monotonic()
        check_held(world, watched.page, axe)
        check_held_elsewhere(world, watched.page, axe)
        print(f"held reports: {time.monotonic() - start:.1f} s")
        check_keyboard(watched.page, world.url)
        # The browser tells of the refusal that was asked for.
        watched.complaints = [each for each in watched.complaints if "400 (Bad Request)" not in each]
        watched.close()
        check_views(chromium, world, axe, ("/console/", "/console/campaigns", campaign, "/console/search#v=%2B12125550142", "/console/partners", "/console/pipeline",
                                              "/console/consumers", "/console/overrides"))
        last = Watched(chromium, world.url)
        check_without_server(world, last.page)
        chromium.close()
    shutil.rmtree(world.folder)


main()
