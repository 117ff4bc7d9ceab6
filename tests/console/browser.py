"""Debian's Chromium, as Playwright is to start it."""
import shutil

BROWSERS = ("chromium-headless-shell", "chromium")
# WebGL without a graphics card.
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def path():
    """None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)
