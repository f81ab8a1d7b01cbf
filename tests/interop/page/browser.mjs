// The distribution's Chromium, with as little of its own traffic as it can be told to make.
import { networkInterfaces } from 'node:os';
import { chromium } from 'playwright-core';

export const kChromium = '/usr/bin/chromium';
export const kFlags = '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(' ');

/** A name that no page of is a secure context, and that stands for an address which is not a loopback one where there is any. */
export const kAway = 'cam.test';
const addresses = Object.values(networkInterfaces()).flat().filter(({ family, internal }) => family === 'IPv4' && !internal);
const kRule = `--host-resolver-rules=MAP ${kAway} ${addresses[0]?.address ?? '127.0.0.1'}`;

export const launch = (...flags) => chromium.launch({ executablePath: kChromium, args: [...kFlags, kRule, ...flags] });
