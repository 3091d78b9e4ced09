"""Opens an output folder's index.html in a headless Chromium and uses it as a visitor would.

    python tools/readers/check_gallery.py output/tiny [configs/tiny_prompts.csv [screenshots]]

Needs chromium and chromedriver. With the table of prompts it compares the order too. With another folder it leaves screenshots there: wide and on a phone, light and dark, with a
image open.
"""

import csv
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
        assert (row["prompt"] or "") in text and (row["path"] or row["thumbnail"] or row["error"] in text), (row, text)
    strange = page.execute_script("return document.querySelectorAll('main *:not(article, article > button, article div, img)').length")
    assert strange == 0, strange


def scroll_down(page):
    page.execute_script("window.scrollTo(0, document.body.scrollHeight)")


def check_filters(page):
    """A filter for each thing that varies, which shows those images alone, from the first one on."""
    for select in page.find_elements(By.CSS_SELECTOR, "#filters select"):
        name = select.get_attribute("data-name")
        chosen = Select(select)
        for value in [option.get_attribute("value") for option in chosen.options][1:3]:
            scroll_down(page)
            chosen.select_by_value(value)
            assert page.execute_script("return window.scrollY") == 0, "a filter must begin at the top"
            expected = page.execute_script("return rows.filter(row => known(row, arguments[0]) && said[arguments[0]](row) === arguments[1])",
                                           name, value)
            assert 0 < len(expected) < page.execute_script("return rows.length"), (name, value)
            assert [row["id"] for row in page.execute_script("return shown")] == [row["id"] for row in expected], (name, value)
            assert len(cards(page)) == min(len(expected), 120), (name, value)
            check_texts(page)
        chosen.select_by_value("")
    statuses = page.execute_script("return [...new Set(rows.map(row => row.status))]")
    assert bool(page.find_elements(By.ID, "filter-status")) == (len(statuses) > 1), statuses


def check_orders(page):
    chosen = Select(page.find_element(By.ID, "sort"))
    table = page.execute_script("return rows.map(row => [row.id, row.image_index])")
    for value, key in (("id", "return shown.map(row => row.id)"), ("seed", "return shown.map(row => Number(row.seed || Infinity))")):
        chosen.select_by_value(value)
        found = page.execute_script(key)
        if value == "seed":
            assert found == sorted(found, key=lambda seed: float("inf") if seed is None else seed), found
        assert len(found) == len(table)
    chosen.select_by_value("table")
    assert page.execute_script("return shown.map(row => [row.id, row.image_index])") == table


def check_table_order(page, table):
    """The page begins with the table's first row and goes on as it does."""
    with open(table, newline="") as file:
        expected = [row["id"] for row in csv.DictReader(file)]
    found = list(dict.fromkeys(page.execute_script("return rows.map(row => row.id)")))
    assert found == expected, (found, expected)


ASKED = ("negative_prompt", "num_inference_steps", "guidance_scale", "guidance_rescale", "width", "height", "scheduler", "eta",
         "init_image", "mask_image", "strength")


def check_differences(page):
    """Cards of one prompt whose images were asked for otherwise say how, each in words of its own."""
    said = {}
    for row, card in zip(page.execute_script("return shown"), cards(page)):
        lines = [line.get_property("textContent") for line in card.find_elements(By.CSS_SELECTOR, ".differs")]
        if row["status"] == "generated":
            said.setdefault(row["prompt"], {}).setdefault(tuple(row[name] for name in ASKED), []).append(lines)
    for prompt, ways in said.items():
        if len(ways) == 1:
            assert all(not lines for all_lines in ways.values() for lines in all_lines), prompt
        else:
            assert all(len(lines) == 1 for all_lines in ways.values() for lines in all_lines), (prompt, ways)
            assert len({all_lines[0][0] for all_lines in ways.values()}) == len(ways), (prompt, ways)


def visible(page, selector):
    """Whether a part is within the dialog's visible area, from its top on."""
    return page.execute_script("""
        const part = document.querySelector(arguments[0]).getBoundingClientRect();
        const frame = document.getElementById("detail").getBoundingClientRect();
        return part.top >= frame.top - 1 && part.top >= 0 && part.bottom <= window.innerHeight + 1 && part.height > 0;""", selector)


def check_detail(page, first):
    """The whole image is to be seen at once; arrow keys go to its neighbours."""
    cards(page)[0].find_element(By.TAG_NAME, "button").click()
    detail = page.find_element(By.ID, "detail")
    assert detail.is_displayed() and (first["sha256"] or first["error"]) in detail.text
    WebDriverWait(page, 5).until(lambda p: visible(p, "#large"))
    for control in ("#previous", "#next", "#copy", "#close"):
        assert visible(page, control), control
    assert page.execute_script("return document.getElementById('detail').scrollTop") == 0
    downloads = page.find_element(By.ID, "download")
    assert downloads.is_displayed() == bool(first["path"])
    if first["path"]:
        assert downloads.get_property("href") == page.find_element(By.CSS_SELECTOR, "main img").get_property("src")

    total = page.execute_script("return shown.length")
    assert page.find_element(By.ID, "previous").get_property("disabled")
    for key, at in ((Keys.ARROW_RIGHT, 1), (Keys.ARROW_RIGHT, 2), (Keys.ARROW_LEFT, 1)):
        page.switch_to.active_element.send_keys(key)
        at = min(at, total - 1)
        assert page.find_element(By.ID, "position").text == f"{at + 1} of {total}", (at, page.find_element(By.ID, "position").text)
        assert page.execute_script("return shown[arguments[0]].id", at) in detail.text
        assert page.execute_script("return document.getElementById('detail').scrollTop") == 0
    page.find_element(By.ID, "previous").click()


def check_thumbnails(page):
    """Images that are in rows alone are parts of sheets, which are there."""
    wanted = page.execute_script("return rows.filter(row => row.status === 'generated' && !row.path).length")
    shown = page.execute_script("""
        return [...document.querySelectorAll("main button > .thumbnail > div")].map(part => {
          const frame = part.parentElement.getBoundingClientRect(), own = part.getBoundingClientRect();
          return [getComputedStyle(part).backgroundImage.slice(5, -2), Math.max(own.width / frame.width, own.height / frame.height)];
        });""")
    assert len(shown) == min(wanted, len(cards(page))), (wanted, len(shown))
    assert all(abs(share - 1) < 0.02 for _, share in shown), "a thumbnail fills its frame"
    for address in {address for address, _ in shown}:
        width = page.execute_async_script("""
            const image = new Image(), done = arguments[1];
            image.onload = () => done(image.naturalWidth);
            image.onerror = () => done(0);
            image.src = arguments[0];""", address)
        assert width > 0, address


def check_inputs(page):
    """A card has all input images beside the image or the reason, not over it, and says their names, neither folders nor hashes."""
    rows = page.execute_script("return shown")
    for row, card in zip(rows, cards(page)):
        places = page.execute_script("""
            return [...arguments[0].querySelectorAll("button > *, .inputs > .thumbnail")].map(part => {
              const {left, top, width, height} = part.getBoundingClientRect();
              return [part.title, top, top + height, width];
            });""", card)
        named = [place for place in places if place[0]]
        assert [name for name, *_ in named] == list(row["inputs"]), (row["id"], places)
        assert all(top >= places[0][2] and width > 20 for _, top, _, width in named), (row["id"], places)
        text = "" if row["status"] == "failed" else card.get_property("textContent")
        for name in page.execute_script("return data.input_images"):
            assert not row[name + "_sha256"] or row[name + "_sha256"] not in text, text
            assert not row[name] or "/" not in row[name] or row[name].rsplit("/", 1)[0] not in text, text
    names = [select.get_attribute("data-name") for select in page.find_elements(By.CSS_SELECTOR, "#filters select")]
    assert not [name for name in names if name.endswith("sha256")], names
    assert not [row for row in rows if (row["init_image_sha256"] and row["status"] == "generated" and "init_image" not in row["inputs"])]


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


def check(page, folder, table):
    page.get((folder / "index.html").resolve().as_uri())
    total = page.execute_script("return rows.length")
    assert total > 0 and len(cards(page)) == min(total, 120), (total, len(cards(page)))
    if page.execute_script("return rows.some(row => row.path)"):
        WebDriverWait(page, 10).until(lambda p: p.execute_script(
            "const i = document.querySelector('main img'); return i.complete && i.naturalWidth > 0"))
    check_thumbnails(page)
    if table:
        check_table_order(page, table)

    first = page.execute_script("return rows[0]")
    about = page.find_element(By.ID, "about").text
    assert page.execute_script("return data.run.model") in about and "20" in about, about
    search(page, first["id"])
    shown = page.execute_script("return shown.length")
    assert 0 < shown < total or total == 1, shown
    search(page, "no prompt says this")
    assert page.find_element(By.ID, "empty").is_displayed() and not cards(page)
    search(page, "")

    check_detail(page, first)
    page.find_element(By.ID, "copy").click()
    WebDriverWait(page, 5).until(lambda p: p.find_element(By.ID, "copy").text == "Copied")
    page.find_element(By.ID, "close").click()
    assert not page.find_element(By.ID, "detail").is_displayed()
    assert pasted(page) == "".join(first["command"].split()), pasted(page)
    check_texts(page)
    check_differences(page)
    check_inputs(page)
    check_filters(page)
    check_orders(page)
    check_dark(page)

    page.set_window_size(500, 844)
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 400, "height": 844, "deviceScaleFactor": 1, "mobile": False})
    assert page.execute_script("return window.innerWidth") == 400
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"), "too wide for a phone"
    cards(page)[0].find_element(By.TAG_NAME, "button").click()
    WebDriverWait(page, 5).until(lambda p: visible(p, "#large"))
    page.find_element(By.ID, "close").click()
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    severe = [line for line in page.get_log("browser") if line["level"] == "SEVERE"]
    assert not severe, severe
    return total


def screenshots(page, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for width in (1280, 400):
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        for scheme in ("light", "dark"):
            page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            page.refresh()
            WebDriverWait(page, 10).until(lambda p: p.execute_script(
                "return [...document.images].slice(0, 12).every(image => image.complete)"))
            page.save_screenshot(str(folder / f"gallery-{width}-{scheme}.png"))
            cards(page)[0].find_element(By.TAG_NAME, "button").click()
            page.save_screenshot(str(folder / f"detail-{width}-{scheme}.png"))


def main(folder, table=None, images=None):
    page = browser()
    try:
        total = check(page, Path(folder), table)
        if images:
            screenshots(page, Path(images))
    finally:
        page.quit()
    print(f"{folder}/index.html: {total} images; order, search, filters, details, arrow keys, copying, dark and a phone's width work")


if __name__ == "__main__":
    main(*sys.argv[1:])
