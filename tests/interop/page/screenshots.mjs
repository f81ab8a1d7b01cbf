// What docs/img shows of the page: desktop and phone, dark and light.
const kScreens = [
  { name: 'page', options: { viewport: { width: 1280, height: 800 } } },
  { name: 'page-phone', options: { viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true } },
];

export async function takeScreenshots(browser, base, folder) {
  for (const { name, options } of kScreens) {
    for (const colorScheme of ['dark', 'light']) {
      const page = await browser.newPage({ ...options, colorScheme });
      await page.goto(base);
      await page.locator('.tile[data-stream="cam0"][data-latency-ms]').waitFor();
      await page.waitForTimeout(4500); // the graphs fill
      await page.screenshot({ type: 'jpeg', path: `${folder}/${name}-${colorScheme}.jpg`, quality: 85 });
      await page.locator('.tile[data-stream="face"] .screen-link').click();
      await page.locator('#panel').waitFor();
      await page.waitForTimeout(500);
      await page.screenshot({ type: 'jpeg', path: `${folder}/${name}-one-${colorScheme}.jpg`, quality: 85 });
      await page.close();
    }
  }
}
