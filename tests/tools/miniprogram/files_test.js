'use strict';

// The files that are copied: that WeChat's tools can read them, and that they fit together.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { test } = require('node:test');
const { kit } = require('./fake_wx.js');

const read = (name) => fs.readFileSync(path.join(kit, name), 'utf8');
const names = fs.readdirSync(kit);
const ending = (end) => names.filter((name) => name.endsWith(end));

/// Reads WXML as far as well-formedness goes: '' or what is wrong.
function wxmlProblem(text) {
  const open = [];
  let rest = text.replace(/<!--[\s\S]*?-->/g, '');
  while (rest !== '') {
    const plain = rest.match(/^[^<]+/);
    const tag = rest.match(/^<(\/?)([a-z][a-z0-9-]*)((?:\s+[a-z][a-z0-9:-]*(?:="[^"<]*")?)*)\s*(\/?)>/);
    if (plain) {
      if (/[>&]/.test(plain[0].replace(/\{\{[^}]*\}\}|&(?:amp|lt|gt|nbsp);/g, ''))) return `stray character in ${plain[0]}`;
      rest = rest.slice(plain[0].length);
    } else if (tag) {
      const attributes = [...tag[3].matchAll(/\s([a-z][a-z0-9:-]*)/g)].map((found) => found[1]);
      if (tag[1] && open.pop() !== tag[2]) return `</${tag[2]}> closes nothing`;
      if (new Set(attributes).size !== attributes.length) return `<${tag[2]}> has an attribute twice`;
      if (!tag[1] && !tag[4]) open.push(tag[2]);
      rest = rest.slice(tag[0].length);
    } else {
      return `cannot read ${rest.slice(0, 40)}`;
    }
  }
  return open.length ? `<${open.pop()}> is not closed` : '';
}

test('the check of WXML finds what is wrong', () => {
  assert.strictEqual(wxmlProblem('<view a="1"><image wx:if="{{b}}"/>x {{c > d}}</view><!-- < -->'), '');
  for (const bad of ['<view>', '</view>', '<a><b></a></b>', '<a b=c></a>', '<a b="c></a>', '<a b="1" b="2"></a>', 'a > b', '<A></A>']) {
    assert.notStrictEqual(wxmlProblem(bad), '', bad);
  }
});

test('the page has all its files', () => {
  for (const name of ['index.js', 'index.json', 'index.wxml', 'index.wxss', 'resolve.js', 'texts.js', 'config.example.js']) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(!names.includes('config.js'), 'config.js is the developer\'s');
});

test('the scripts parse, and use no syntax that WeChat would have to translate away', () => {
  for (const name of ending('.js')) {
    const text = read(name);
    assert.doesNotThrow(() => new vm.Script(`(function (module, require) {${text}\n})`, { filename: name }));
    const code = text.replace(/\/\/.*$/gm, '');
    for (const newer of [/\?\./, /\?\?/, /\basync\b/, /\bawait\b/, /\.\.\.[a-z]/i, /\*\*/, /#[a-z]+\s*[=(;]/]) {
      assert.ok(!newer.test(code), `${name}: ${newer}`);
    }
  }
});

test('the JSON is JSON', () => {
  for (const name of ending('.json')) assert.doesNotThrow(() => JSON.parse(read(name)), name);
});

test('the WXML is well-formed', () => {
  for (const name of ending('.wxml')) assert.strictEqual(wxmlProblem(read(name)), '', name);
});

test('the WXSS closes what it opens', () => {
  for (const name of ending('.wxss')) {
    let depth = 0;
    for (const brace of read(name).replace(/\/\*[\s\S]*?\*\//g, '').match(/[{}]/g)) {
      depth += brace === '{' ? 1 : -1;
      assert.ok(depth >= 0 && depth <= 2, name);
    }
    assert.strictEqual(depth, 0, name);
  }
});

test('what the WXML shows is in the data of the page, and what it calls is there', () => {
  let page = null;
  const require_ = (name) => require(path.join(kit, name === './config.js' ? './config.example.js' : name));
  new Function('Page', 'require', 'wx', read('index.js'))((given) => { page = given; }, require_, {});
  const wxml = read('index.wxml');
  for (const [, name] of wxml.matchAll(/\{\{([^}]*)\}\}/g)) assert.ok(name.trim() in page.data, name);
  for (const [, name] of wxml.matchAll(/\bbind[a-z]+="([^"]*)"/g)) assert.strictEqual(typeof page[name], 'function', name);
});

test('every class of the WXML has a style, and every style a class', () => {
  const used = new Set([...read('index.wxml').matchAll(/class="([^"]*)"/g)].flatMap((found) => found[1].split(/\s+/)));
  const styled = new Set([...read('index.wxss').matchAll(/\.([a-z][a-z-]*)\s*\{/g)].map((found) => found[1]));
  assert.deepStrictEqual([...styled].filter((name) => !used.has(name)), []);
  assert.deepStrictEqual([...used].filter((name) => !styled.has(name) && name !== 'qr-said'), []);
});

test('a screen reader hears the state and the button', () => {
  const wxml = read('index.wxml');
  assert.match(wxml, /aria-role="status"/);
  assert.match(wxml, /aria-role="alert"/);
  assert.match(wxml, /<button[^>]*aria-label="\{\{button\}\}"/);
});

test('the page is dark where the phone is', () => {
  assert.match(read('index.wxss'), /@media \(prefers-color-scheme: dark\)/);
});

test('nothing is loaded from elsewhere', () => {
  for (const name of ['index.wxml', 'index.wxss']) assert.ok(!/https?:|url\(|@import/.test(read(name)), name);
});

test('both languages have all the texts, each within what a screen holds', () => {
  const { zh, en } = require(path.join(kit, 'texts.js'));
  assert.deepStrictEqual(Object.keys(zh), Object.keys(en));
  for (const texts of [zh, en]) {
    for (const [kind, said] of Object.entries(texts)) {
      assert.deepStrictEqual(Object.keys(said), ['title', 'text', 'button']);
      assert.ok(said.title !== '' && said.title.length <= 30 && said.text.length <= 90, kind);
      assert.ok(kind === 'busy' || (said.text !== '' && said.button !== ''), kind);
    }
  }
});

test('the configuration to copy is right but for the address', () => {
  const { configProblem } = require(path.join(kit, 'resolve.js'));
  assert.strictEqual(configProblem(require(path.join(kit, 'config.example.js'))), '');
});
