"""Pictures of the console for README.md: take_pictures.py --program PROGRAM --out FOLDER"""
import argparse
import json
import pathlib
import sys
import urllib.request

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "http"))
import browser  # noqa: E402
from world import World  # noqa: E402

BYTES_MAX = 200_000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    options = parser.parse_args()
    if browser.path() is None:
        sys.exit("no Chromium is installed: ops/install")
    world = World(options.program, reports=4000, seed=7)
    world.ingest(world.files)
    campaigns = json.load(urllib.request.urlopen(world.url + "/api/v1/campaigns"))["campaigns"]
    campaign = next(one for one in campaigns if 40 <= one["indicators"] <= 200)
    pictures = (("overview", "/console/", "light"), ("campaign", f"/console/campaigns/{campaign['campaignId']}", "dark"))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.path(), args=browser.FLAGS)
        for name, path, scheme in pictures:
            page = chromium.new_page(viewport={"width": 1280, "height": 680}, color_scheme=scheme)
            page.goto(world.url + path)
            page.locator("h1").wait_for()
            if name == "campaign":
                page.locator("[data-laid-out]").wait_for()
                page.locator(".detail").wait_for()
                # Its graph stands below the totals.
                page.evaluate("scrollTo(0, document.querySelector('.graph').getBoundingClientRect().top - 110)")
            page.wait_for_timeout(1_500)
            file = options.out / f"console-{name}.png"
            page.screenshot(path=str(file))
            print(f"{file}: {file.stat().st_size / 1000:.0f} kB")
            if file.stat().st_size > BYTES_MAX:
                sys.exit(f"{file} is too large")
        chromium.close()
    world.remove()


main()
