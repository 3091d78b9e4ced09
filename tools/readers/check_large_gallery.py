"""Measures in a headless Chromium how long a page of ten thousand images takes to open and to search:

    python tools/readers/check_large_gallery.py output/tiny [IMAGES]

It takes the page that the job wrote and says its rows again and again, each time with ids of their own and a link of its own to
the image's file. Opening and each search must take less than the seconds below, which leave room for a slow machine.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from check_gallery import browser, cards
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

MOST_SECONDS_TO_OPEN, MOST_SECONDS_TO_SEARCH = 5.0, 0.5
BEGIN, END = '<script id="data" type="application/json">', "</script>"


def page_of(folder, target, count):
    html = (folder / "index.html").read_text()
    begin = html.index(BEGIN) + len(BEGIN)
    end = html.index(END, begin)
    data = json.loads(html[begin:end])
    at = {name: i for i, name in enumerate(data["columns"])}
    known = [row for row in data["rows"] if row[at["path"]] or row[at["thumbnail"]]]
    (target / "images").mkdir()
    if data["sheets"]:
        shutil.copytree(target / "files/thumbnails", target / "thumbnails")
    data["rows"] = []
    for i in range(count):
        row = list(known[i % len(known)])
        row[at["id"]] = f"image-{i:05d}"
        if row[at["path"]]:
            path = f"images/image-{i}.png"
            os.link(target / "files" / row[at["path"]], target / path)
            row[at["path"]] = path
        data["rows"].append(row)
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    (target / "index.html").write_text(html[:begin] + text + html[end:])


def opened(page, file):
    begin = time.perf_counter()
    page.get(file.resolve().as_uri())
    WebDriverWait(page, 30, 0.02).until(lambda p: p.execute_script(
        "const i = document.querySelector('main img, main .thumbnail'); return i && (i.complete ? i.naturalWidth > 0 : i.offsetWidth > 0)"))
    return time.perf_counter() - begin


def searched(page, words):
    """Seconds from the last letter to a painted result, as the page itself measures them."""
    return page.execute_async_script("""
        const done = arguments[1], field = document.getElementById("search");
        field.value = arguments[0];
        const begin = performance.now();
        field.dispatchEvent(new Event("input"));
        requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - begin) / 1000)));
    """, words)


def check(page, folder, count):
    seconds = opened(page, folder / "index.html")
    assert page.execute_script("return rows.length") == count
    assert seconds < MOST_SECONDS_TO_OPEN, f"it took {seconds:.2f} s to open"
    slowest = max(searched(page, words) for words in ("a", "circle", "image-09", "red white circle", "nothing like this", ""))
    assert slowest < MOST_SECONDS_TO_SEARCH, f"a search took {slowest:.2f} s"
    searched(page, f"image-{count - 1:05d}")
    assert len(cards(page)) == 1
    searched(page, "")
    for _ in range(5):
        page.find_element(By.TAG_NAME, "body").send_keys(Keys.END)
        time.sleep(0.1)
    assert len(cards(page)) >= 240, "scrolling draws more"
    return seconds, slowest


def main(folder, count="10000"):
    target = Path(tempfile.mkdtemp(prefix="spark-diffusion-gallery"))
    page = browser()
    try:
        shutil.copytree(folder, target / "files")
        page_of(Path(folder), target, int(count))
        seconds, slowest = check(page, target, int(count))
    finally:
        page.quit()
        shutil.rmtree(target)
    print(f"{count} images: opened in {seconds:.2f} s, the slowest search took {slowest:.3f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
