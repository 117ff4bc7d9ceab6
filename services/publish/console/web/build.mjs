// Bundles src/ and writes what comes out as a C++ file of string literals: node build.mjs OUT.cc
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import * as esbuild from 'esbuild';

const kBase = '/console/assets/';
const kTypes = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const out = process.argv[2];
if (!out) throw new Error('usage: node build.mjs OUT.cc');
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');

const common = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  outdir: 'dist',
  publicPath: kBase,
  legalComments: 'none',
  entryNames: '[name]-[hash]',
  chunkNames: 'part-[hash]',
  assetNames: '[name]-[hash]',
  loader: { '.woff2': 'file', '.svg': 'file' },
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
  metafile: true,
};

function outputOf(result, entryPoint) {
  for (const [path, made] of Object.entries(result.metafile.outputs)) {
    if (made.entryPoint === entryPoint) return { script: path.slice(5), style: made.cssBundle?.slice(5) };
  }
  throw new Error(`nothing was made of ${entryPoint}`);
}

const layout = await esbuild.build({ ...common, entryPoints: ['src/layout_worker.ts'] });
const worker = outputOf(layout, 'src/layout_worker.ts').script;
const app = await esbuild.build({
  ...common,
  splitting: true,
  entryPoints: ['src/main.tsx'],
  define: { LAYOUT_WORKER: JSON.stringify(kBase + worker) },
});
const { script, style } = outputOf(app, 'src/main.tsx');
const icon = readFileSync('src/icon.svg');
const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
writeFileSync(join('dist', iconName), icon);
const page = readFileSync('src/index.html', 'utf8')
  .replace('SCRIPT', kBase + script)
  .replace('STYLE', kBase + style)
  .replace('ICON', kBase + iconName);
writeFileSync('dist/index.html', page);

function literal(bytes) {
  let text = '"';
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) text += '\\' + String.fromCharCode(byte);
    else if (byte >= 0x20 && byte < 0x7f && byte !== 0x3f) text += String.fromCharCode(byte);
    else text += '\\' + byte.toString(8).padStart(3, '0');
  }
  return text + '"';
}

const rows = readdirSync('dist').sort().map((name) => {
  const bytes = readFileSync(join('dist', name));
  const type = kTypes[extname(name)];
  if (!type) throw new Error(`of what type is ${name}?`);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  return `    {"${name}", "${type}", "${hash}",\n     std::string_view(${literal(bytes)}, ${bytes.length})},`;
});
writeFileSync(out, `// Made by build.mjs.
#include "services/publish/console/pages.h"

#ifdef __clang__
#pragma clang diagnostic ignored "-Woverlength-strings"
#endif

namespace ringfence::publish {

const PageFile kPageFiles[] = {
${rows.join('\n')}
    {"", "", "", ""},
};

}  // namespace ringfence::publish
`);
