// Boxes, the one kind of metadata that has a meaning here (docs/wire-format.md, "Metadata").
export interface Box {
  label: string;
  x: number;
  y: number;
  width: number;
  height: number;
  score: number;
}

const kMaxBoxes = 1000;
const kMaxLabelBytes = 64;
const kMaxDepth = 3;

function nestsDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '{' || c === '[') {
      if (++depth > limit) return true;
    } else if (c === '}' || c === ']') depth--;
  }
  return false;
}

function boxOf(item: unknown): Box | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
  const { label, x, y, width, height, score = 1 } = item as Record<string, unknown>;
  const whole = (value: unknown, low: number): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= low && value <= 65_535;
  if (!whole(x, 0) || !whole(y, 0) || !whole(width, 1) || !whole(height, 1)) return undefined;
  if (typeof label !== 'string' || new TextEncoder().encode(label).length > kMaxLabelBytes) return undefined;
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) return undefined;
  return { label, x, y, width, height, score };
}

/** No boxes where the metadata is something else, or anything in it is out of range. Never throws. */
export function parseBoxes(metadata: Uint8Array): Box[] {
  if (metadata[0] !== 0x7b || metadata.length > 65_536) return [];
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(metadata);
    if (nestsDeeper(text, kMaxDepth)) return [];
    const { boxes } = JSON.parse(text) as { boxes?: unknown };
    if (!Array.isArray(boxes) || boxes.length > kMaxBoxes) return [];
    const found = boxes.map(boxOf);
    return found.every((box): box is Box => box !== undefined) ? found : [];
  } catch {
    return [];
  }
}
