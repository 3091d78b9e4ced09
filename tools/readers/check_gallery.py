"""Opens an output folder's index.html in a headless Chromium and uses it as a visitor would.

    python tools/readers/check_gallery.py output/tiny [screenshots]

Needs chromium and chromedriver. With a second folder it leaves screenshots there: wide, dark, and on a phone.
"""

import sys
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

DARK, LIGHT = "rgb(17, 17, 20)", "rgb(255, 255, 255)"


def browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options)


def cards(page):
    return page.find_elements(By.CSS_SELECTOR, "main > article")


def search(page, words):
    field = page.find_element(By.ID, "search")
    field.clear()
    field.send_keys(words or " ")


def check_texts(page):
    """A card says what its row says, as text: no prompt and no reason becomes an element."""
    for row, card in zip(page.execute_script("return shown"), cards(page)):
        text = card.get_property("textContent")
        assert (row["prompt"] or "") in text and (row["path"] or row["error"] in text), (row, text)
    strange = page.execute_script("return document.querySelectorAll('main *:not(article, article > button, article div, img)').length")
    assert strange == 0, strange


def check_filter(page):
    """Failed rows with their reasons, or nothing where all went well."""
    chosen = Select(page.find_element(By.ID, "status"))
    for status in ("failed", "generated"):
        chosen.select_by_value(status)
        rows = page.execute_script("return rows.filter(row => row.status === arguments[0])", status)
        assert len(cards(page)) == min(len(rows), 120), (status, len(cards(page)), len(rows))
        check_texts(page)
    chosen.select_by_value("")


def pasted(page):
    """What the clipboard holds, without spaces and line ends, which a field changes."""
    search(page, "")
    page.find_element(By.ID, "search").send_keys(Keys.CONTROL, "v")
    text = page.find_element(By.ID, "search").get_property("value")
    search(page, "")
    return "".join(text.split())


def check_dark(page):
    for scheme, expected in (("dark", DARK), ("light", LIGHT)):
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        found = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert found == expected, (scheme, found)


def check(page, folder):
    page.get((folder / "index.html").resolve().as_uri())
    total = page.execute_script("return rows.length")
    assert total > 0 and len(cards(page)) == min(total, 120), (total, len(cards(page)))
    WebDriverWait(page, 10).until(lambda p: p.execute_script(
        "const i = document.querySelector('main img'); return i.complete && i.naturalWidth > 0"))

    first = page.execute_script("return rows[0]")
    search(page, first["id"])
    shown = page.execute_script("return shown.length")
    assert 0 < shown < total or total == 1, shown
    search(page, "no prompt says this")
    assert page.find_element(By.ID, "empty").is_displayed() and not cards(page)
    search(page, "")

    cards(page)[0].find_element(By.TAG_NAME, "button").click()
    detail = page.find_element(By.ID, "detail")
    assert detail.is_displayed() and first["sha256"] in detail.text
    page.find_element(By.ID, "copy").click()
    WebDriverWait(page, 5).until(lambda p: p.find_element(By.ID, "copy").text == "Copied")
    page.find_element(By.ID, "close").click()
    assert not detail.is_displayed()
    assert pasted(page) == "".join(first["command"].split()), pasted(page)
    check_texts(page)
    check_filter(page)
    check_dark(page)

    page.set_window_size(390, 844)
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"), "too wide for a phone"
    severe = [line for line in page.get_log("browser") if line["level"] == "SEVERE"]
    assert not severe, severe
    return total


def screenshots(page, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, width, scheme in (("wide", 1280, "light"), ("dark", 1280, "dark"), ("phone", 390, "light")):
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        page.set_window_size(width, 844)
        page.save_screenshot(str(folder / f"gallery-{name}.png"))


def main(folder, pictures=None):
    page = browser()
    try:
        total = check(page, Path(folder))
        if pictures:
            screenshots(page, Path(pictures))
    finally:
        page.quit()
    print(f"{folder}/index.html: {total} pictures; search, filter, details, copying, dark and a phone's width work")


if __name__ == "__main__":
    main(*sys.argv[1:])
