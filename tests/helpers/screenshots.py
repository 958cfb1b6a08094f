"""Takes the pictures of docs from what make demo left: make screenshots."""

from pages import ROOT, PageProcess, open_browser
from playwright.sync_api import expect

PICTURES = {"page-list": ("/", 760), "page-item": ("/item?asin=B0DEMO0035", 800)}


def main() -> None:
    with PageProcess("demo/demo.py", "--page") as page, open_browser() as browser:
        tab = browser.new_page(base_url=page.url, locale="en-GB")
        for name, (path, height) in PICTURES.items():
            tab.set_viewport_size({"width": 1280, "height": height})
            tab.goto(path)
            expect(tab.locator("#live")).to_have_text("live")
            file = ROOT / "docs" / f"{name}.png"
            tab.screenshot(path=file)
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
