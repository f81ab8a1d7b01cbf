// A tab that nobody sees, counted in frames: what it is sent, and what it paints first once it is seen again.
import { pollUntil } from './checks.mjs';
import { Tabs } from './tabs.mjs';

const kHiddenFrames = 40; // that the stream goes on while the tab is hidden
const kSettlingFrames = 5; // the page's worker is told after the page
const kOnTheirWay = 2; // by credit

const kTile = `document.querySelector('.tile[data-stream="cam0"]')`;
const kRecord = `
  window.frames_ = [];
  new MutationObserver(() => frames_.push(Number(${kTile}.dataset.frame))).observe(${kTile}, { attributeFilter: ['data-frame'] });`;

export async function checkHidden(checks, hub) {
  const tabs = new Tabs();
  try {
    const tab = await tabs.open(`${hub.base}#cam0`);
    await pollUntil(() => tab.evaluate(`${kTile}?.dataset.frame !== undefined`));
    await tab.evaluate(kRecord);
    await pollUntil(() => tab.evaluate('frames_.length > 0'));
    await tabs.open('about:blank');
    checks.equal(await pollUntil(() => tab.evaluate('document.hidden')), true, 'a tab behind another one is hidden');
    const encoded = () => hub.metric('glimt_stream_frames_total{stream="cam0"}');
    const sentOf = async (frames) => {
      const [sentBefore, encodedBefore] = [await hub.metric('glimt_web_frames_total'), await encoded()];
      await pollUntil(async () => (await encoded()) >= encodedBefore + frames);
      return (await hub.metric('glimt_web_frames_total')) - sentBefore;
    };
    await pollUntil(async () => (await sentOf(kSettlingFrames)) === 0);
    const seen = await tab.evaluate('frames_.at(-1)');
    const sent = await sentOf(kHiddenFrames);
    checks.that(sent <= kOnTheirWay, `hidden, it is sent ${sent} of ${kHiddenFrames} pictures`);
    await tab.evaluate('frames_.length = 0');
    await tab.toFront();
    await pollUntil(() => tab.evaluate('frames_.length >= 10'));
    const frames = await tab.evaluate('frames_');
    checks.that(frames[0] >= seen + kHiddenFrames - 2, 'seen again, the first that it paints is a fresh one', { seen, frames });
  } finally {
    await tabs.close();
  }
}
