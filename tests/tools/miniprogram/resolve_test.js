'use strict';

// resolve.js alone: which code, how often and how long it asks, what it believes.

const assert = require('node:assert');
const { test } = require('node:test');
const { VirtualTime } = require('./virtual_time.js');
const { Network, kit, id, scene, problem, brought } = require('./fake_wx.js');
const { limits, codeOf, requestUrl, prefetchedScene, resolve, destination, configProblem } = require(`${kit}/resolve.js`);

const link = `https://q.example.cn/${id}`;
const url = `https://qr.example.com/v1/scenes/${id}`;
const refused = { fail: 'request:fail errcode:-102 cronet_error_code:-102' };

/// Starts a resolve on virtual time and remembers how it ended.
function start(answers, more = {}) {
  const time = new VirtualTime();
  const network = new Network(time, answers);
  network.deaf = Boolean(more.deaf);
  const outcomes = [];
  const seen = [];
  const env = {
    now: time.now,
    random: () => (more.random === undefined ? 0 : more.random),
    setTimeout: time.setTimeout,
    clearTimeout: time.clearTimeout,
    request: (what) => network.request(what),
    networkType: (f) => (more.networkType === 'silence' ? undefined : f(more.networkType || 'wifi')),
    prefetched: (f) => {
      seen.push(f);
      if (more.cached !== 'silence') f(more.cached ? more.cached(time.now()) : null);
    },
  };
  const startedMs = time.now();
  const asked = { code: more.code || { id }, url, prefetch: Boolean(more.prefetch) };
  const stop = resolve(env, asked, (outcome) => outcomes.push({ ...outcome, afterMs: time.now() - startedMs }));
  return { time, network, outcomes, stop, lands: (what) => seen.forEach((f) => f(what)) };
}

/// How it ended, after more time than it may take.
function run(answers, more) {
  const started = start(answers, more);
  started.time.advance(60000);
  assert.strictEqual(started.outcomes.length, 1, 'it ends once');
  assert.strictEqual(started.time.timers.size, 0, 'no timer is left');
  return { ...started, ...started.outcomes[0], sent: started.network.requests };
}

// Which code.

test('the scene of a mini-program code is the id', () => {
  assert.deepStrictEqual(codeOf({ scene: id }), { id });
});

test('an encoded scene is decoded once', () => {
  assert.deepStrictEqual(codeOf({ scene: 'a%3Db' }), { id: 'a=b' });
  assert.deepStrictEqual(codeOf({ scene: 'a%253Db' }), { id: 'a%3Db' });
});

test('a scene that is not well encoded is taken as it is', () => {
  assert.deepStrictEqual(codeOf({ scene: '50%off' }), { id: '50%off' });
});

test('a scanned link is read encoded once, twice and not at all', () => {
  const once = encodeURIComponent(link);
  for (const q of [link, once, encodeURIComponent(once)]) assert.deepStrictEqual(codeOf({ q }), { link });
});

test('what is encoded inside a link stays so', () => {
  const inner = 'https://q.example.cn/?to=%2Fa%26b&c=k0';
  assert.deepStrictEqual(codeOf({ q: encodeURIComponent(inner) }), { link: inner });
});

test('without scene and link there is no code', () => {
  for (const options of [{}, { scene: '' }, { q: '' }, { scene: '%20', q: ' ' }, { other: '1' }]) {
    assert.strictEqual(codeOf(options), null);
  }
});

test('the id goes into the path, the launch into the query', () => {
  assert.strictEqual(requestUrl('https://qr.example.com', { id }, 1047), `${url}?launch=1047`);
  const odd = requestUrl('https://qr.example.com/', { id: 'a/b?c' }, 1047);
  assert.strictEqual(odd, 'https://qr.example.com/v1/scenes/a%2Fb%3Fc?launch=1047');
});

test('a link is sent whole, whatever its prefix', () => {
  for (const prefix of ['https://q.example.cn/', 'http://a.cn/q/', 'https://a.cn/s?x=1&id=']) {
    const sent = new URL(requestUrl('https://qr.example.com', { link: prefix + id }, 1011));
    assert.strictEqual(sent.pathname, '/v1/scenes');
    assert.strictEqual(sent.searchParams.get('q'), prefix + id);
    assert.strictEqual(sent.searchParams.get('launch'), '1011');
  }
});

test('a launch that is not known is left out', () => {
  assert.strictEqual(requestUrl('https://qr.example.com', { id }, undefined), url);
  const ofLink = requestUrl('https://qr.example.com', { link: 'https://a.cn/b' }, 'x');
  assert.strictEqual(ofLink, 'https://qr.example.com/v1/scenes?q=https%3A%2F%2Fa.cn%2Fb');
});

// What is believed.

test('200 with a target is the way to go, after one request', () => {
  const got = run([{ status: 200, data: scene() }]);
  assert.deepStrictEqual([got.kind, got.scene, got.sent.length], ['go', scene(), 1]);
  assert.strictEqual(got.sent[0].url, url);
  assert.strictEqual(got.sent[0].timeout, limits.attemptTimeoutMs);
});

test('a body that WeChat did not parse is parsed', () => {
  assert.strictEqual(run([{ status: 200, data: JSON.stringify(scene()) }]).kind, 'go');
  assert.strictEqual(run([{ ...problem(410, 'revoked'), data: '{"code": "revoked"}' }]).kind, 'revoked');
});

test('unknown, revoked and expired are said after one request', () => {
  for (const [status, code, kind] of [
    [404, 'unknown_code', 'unknown'], [400, 'invalid_request', 'unknown'],
    [410, 'revoked', 'revoked'], [410, 'expired', 'expired'],
  ]) {
    const got = run([problem(status, code)]);
    assert.deepStrictEqual([got.kind, got.sent.length], [kind, 1], code);
  }
});

test('a 404 that is not our own does not make a code unknown', () => {
  for (const data of ['<html>not found</html>', {}, null, { code: 'not_found' }, { code: 'constructor' }]) {
    const got = run([{ status: 404, data }]);
    assert.deepStrictEqual([got.kind, got.sent.length], ['away', 1]);
  }
});

test('a 200 that is no scene means that the service is away', () => {
  for (const data of ['<html>log in to this wi-fi</html>', '', null, {}, { url: 7 }, { url: '' }, [1]]) {
    assert.strictEqual(run([{ status: 200, data }]).kind, 'away');
  }
});

test('a target that comes with another status is not gone to', () => {
  for (const status of [203, 302, 404, 500]) assert.strictEqual(run([{ status, data: scene() }]).kind, 'away');
});

test('other refusals are not repeated', () => {
  for (const status of [301, 401, 403, 405, 410, 414]) {
    const got = run([{ status, data: {} }]);
    assert.deepStrictEqual([got.kind, got.sent.length], ['away', 1], String(status));
  }
});

// How often, how long.

test('5xx and 429 are asked again, three times in all', () => {
  for (const status of [429, 500, 502, 503, 504]) {
    const got = run([{ status, data: {} }]);
    assert.deepStrictEqual([got.kind, got.sent.length], ['away', 3], String(status));
  }
});

test('a failed request is asked again, three times in all', () => {
  const got = run([refused]);
  assert.deepStrictEqual([got.kind, got.sent.length], ['away', 3]);
});

test('the second or the third attempt may succeed', () => {
  const good = { status: 200, data: scene() };
  assert.deepStrictEqual([run([refused, good]).kind, run([refused, good]).sent.length], ['go', 2]);
  assert.deepStrictEqual([run([refused, problem(503, 'unavailable'), good]).kind], ['go']);
  assert.strictEqual(run([problem(503, 'unavailable'), problem(404, 'unknown_code')]).kind, 'unknown');
});

test('an attempt without an answer ends after three seconds and is aborted', () => {
  const got = run(['silence', { status: 200, data: scene() }]);
  assert.strictEqual(got.kind, 'go');
  assert.deepStrictEqual(got.sent.map((sent) => sent.aborted), [true, false]);
  assert.strictEqual(got.sent[1].atMs - got.sent[0].atMs, 3000 + 300);
});

test('silence ends within ten seconds', () => {
  for (const random of [0, 0.5, 0.999]) {
    const got = run(['silence'], { random });
    assert.strictEqual(got.kind, 'away');
    assert.ok(got.sent.length <= limits.attemptsMax);
    assert.ok(got.afterMs <= 10000, `${got.afterMs} ms`);
  }
});

test('an answer that comes after its attempt timed out is not heard', () => {
  // The phone cannot abort: the first answer, a revoked one, arrives during the second attempt.
  const late = { ...problem(410, 'revoked'), afterMs: 4000 };
  const got = run([late, { status: 200, data: scene(), afterMs: 2000 }], { deaf: true });
  assert.deepStrictEqual([got.kind, got.sent.length], ['go', 2]);
});

test('an answer after the end changes nothing', () => {
  const got = run([{ status: 200, data: scene(), afterMs: 50000 }], { deaf: true });
  assert.strictEqual(got.kind, 'away');
});

test('a wait is once to twice the back-off, which doubles', () => {
  const waits = (random) => {
    const at = run([problem(500, 'internal')], { random }).sent.map((sent) => sent.atMs);
    return [at[1] - at[0] - 50, at[2] - at[1] - 50]; // an answer takes 50 ms
  };
  assert.deepStrictEqual(waits(0), [300, 600]);
  assert.deepStrictEqual(waits(0.5), [450, 900]);
  for (const random of [0, 0.1, 0.9, 0.999999]) {
    const [first, second] = waits(random);
    assert.ok(first >= 300 && first <= 600 && second >= 600 && second <= 1200, `${first} ${second}`);
  }
});

test('Retry-After is waited for, never shorter', () => {
  for (const name of ['Retry-After', 'retry-after']) {
    const got = run([problem(503, 'unavailable', { [name]: '2' }), { status: 200, data: scene() }]);
    assert.strictEqual(got.sent[1].atMs - got.sent[0].atMs, 50 + 2000);
  }
  const got = run([problem(429, 'rate_limited', { 'Retry-After': 1 }), { status: 200, data: scene() }], { random: 0.5 });
  assert.strictEqual(got.sent[1].atMs - got.sent[0].atMs, 50 + 1500);
});

test('a Retry-After that nobody would wait for ends it at once', () => {
  for (const value of ['6', '60', '1e9', 'Infinity']) {
    const got = run([problem(503, 'unavailable', { 'Retry-After': value })]);
    assert.deepStrictEqual([got.kind, got.sent.length, got.afterMs], ['away', 1, 50], value);
  }
});

test('a Retry-After beyond the budget ends it at once', () => {
  const got = run([problem(503, 'unavailable', { 'Retry-After': '5' })], { random: 0.99 });
  assert.deepStrictEqual([got.kind, got.sent.length], ['away', 1]);
  assert.ok(run([problem(503, 'unavailable', { 'Retry-After': '4' })]).afterMs <= limits.budgetMs);
});

test('a Retry-After that is not a number is as none', () => {
  for (const value of ['Wed, 21 Oct 2026 07:28:00 GMT', '-5', '']) {
    const got = run([problem(503, 'unavailable', { 'Retry-After': value }), { status: 200, data: scene() }]);
    assert.strictEqual(got.sent[1].atMs - got.sent[0].atMs, 50 + 300);
  }
});

test('without a network it is offline at once', () => {
  const got = run([refused], { networkType: 'none' });
  assert.deepStrictEqual([got.kind, got.sent.length], ['offline', 1]);
});

test('a timed-out attempt without a network is offline too', () => {
  const got = run(['silence'], { networkType: 'none' });
  assert.deepStrictEqual([got.kind, got.sent.length], ['offline', 1]);
});

test('offline is also known by what phones say', () => {
  for (const fail of [
    'request:fail The Internet connection appears to be offline.', 'request:fail 似乎已断开与互联网的连接。',
    'request:fail net::ERR_INTERNET_DISCONNECTED',
  ]) assert.strictEqual(run([{ fail }]).kind, 'offline');
});

test('a phone that does not say its network does not stop it', () => {
  const got = run([refused, { status: 200, data: scene() }], { networkType: 'silence' });
  assert.deepStrictEqual([got.kind, got.sent.length], ['go', 2]);
});

test('a host that is not in the allow-list is not asked again', () => {
  const got = run([{ fail: 'request:fail url not in domain list' }]);
  assert.deepStrictEqual([got.kind, got.sent.length], ['away', 1]);
  assert.match(got.why, /domain list/);
});

test('who stops it hears nothing more, at any time', () => {
  for (const answers of [['silence'], [refused], [problem(503, 'unavailable')], [{ status: 200, data: scene() }]]) {
    for (const atMs of [0, 20, 49, 200, 3100, 7000]) {
      const started = start(answers, { deaf: true });
      started.time.advance(atMs);
      const before = started.outcomes.length;
      const sent = started.network.requests.length;
      started.stop();
      started.time.advance(60000);
      assert.strictEqual(started.outcomes.length, before);
      assert.strictEqual(started.network.requests.length, sent, 'no further request');
    }
  }
});

test('stopping aborts the request that is under way', () => {
  const started = start(['silence']);
  started.stop();
  assert.strictEqual(started.network.requests[0].aborted, true);
});

test('a phone that answers at once is understood', () => {
  const time = new VirtualTime();
  const outcomes = [];
  const env = {
    now: time.now, random: () => 0, setTimeout: time.setTimeout, clearTimeout: time.clearTimeout,
    request: (what) => what.fail({ errMsg: 'request:fail' }), networkType: (f) => f('wifi'), prefetched: (f) => f(null),
  };
  resolve(env, { code: { id }, url, prefetch: true }, (outcome) => outcomes.push(outcome.kind));
  time.advance(60000);
  assert.deepStrictEqual(outcomes, ['away']);
});

// Data pre-fetch.

const own = (more) => (nowMs) => brought(nowMs - 800, { id, ...scene(more) });

test('a pre-fetched answer for this code needs no request', () => {
  const got = run(['silence'], { prefetch: true, cached: own() });
  assert.deepStrictEqual([got.kind, got.scene.url, got.sent.length, got.afterMs], ['go', scene().url, 0, 0]);
});

test('pre-fetch is not looked at unless it is configured', () => {
  const got = run([{ status: 200, data: scene({ version: 2 }) }], { cached: own() });
  assert.deepStrictEqual([got.scene.version, got.sent.length], [2, 1]);
});

test('a pre-fetched answer for another code is not used', () => {
  const other = '1k0ZaB3xQ9d_7Hc2-XXX';
  for (const cached of [
    (nowMs) => brought(nowMs, { id: other, ...scene() }), // a query that names this code, an answer that does not
    (nowMs) => brought(nowMs, { id, ...scene() }, `scene=${other}`),
    (nowMs) => brought(nowMs, { id: other, ...scene() }, `scene=${other}`),
    (nowMs) => brought(nowMs, scene()), // no id at all
    (nowMs) => brought(nowMs, { id: '', ...scene() }),
  ]) {
    const got = run([{ status: 200, data: scene({ version: 9 }) }], { prefetch: true, cached });
    assert.deepStrictEqual([got.scene.version, got.sent.length], [9, 1]);
    assert.strictEqual(got.afterMs, 50, 'asked at once');
  }
});

test('a stale pre-fetched answer is not used', () => {
  for (const ageMs of [30001, 86400000, -2001, NaN, undefined]) {
    const got = run([{ status: 200, data: scene({ version: 9 }) }], {
      prefetch: true, cached: (nowMs) => ({ ...brought(nowMs, { id, ...scene() }), timeStamp: nowMs - ageMs }),
    });
    assert.strictEqual(got.scene.version, 9, String(ageMs));
  }
});

test('a pre-fetched refusal is asked about once more', () => {
  const refusals = [problem(404, 'unknown_code').data, { id, ...problem(410, 'revoked').data }];
  for (const body of [...refusals, '', 'gateway time-out', 'null', '[]']) {
    const got = run([{ status: 200, data: scene() }], { prefetch: true, cached: (nowMs) => brought(nowMs, body) });
    assert.deepStrictEqual([got.kind, got.sent.length], ['go', 1]);
  }
});

test('a pre-fetched answer whose query cannot be read counts by its id', () => {
  for (const query of ['', undefined, `scene%3D${id}`, { scene: id }]) {
    assert.ok(prefetchedScene({ ...brought(5000, { id, ...scene() }), query }, { id }, 5000), String(query));
  }
});

test('a pre-fetched answer for a link fits by the id at its end', () => {
  const q = `q=${encodeURIComponent(link)}&scancode_time=1767225600`;
  const fits = (code, body) => Boolean(prefetchedScene(brought(5000, body, q), code, 5000));
  assert.ok(fits({ link }, { id, ...scene() }));
  assert.ok(!fits({ link: 'https://q.example.cn/other' }, { id, ...scene() }));
  assert.ok(!fits({ link }, { id: id.slice(1), ...scene() }), 'a part of the id');
  assert.ok(!fits({ link }, { id: 'q.example.cn', ...scene() }), 'not at the end');
  assert.ok(!fits({ link }, scene()));
  const other = (text, given) => prefetchedScene(brought(5000, { id: given, ...scene() }, ''), { link: text }, 5000);
  assert.ok(!other('https://q.example.cn/abc/xyz', 'abc'), 'not at the end');
  assert.ok(!other('https://q.example.cn/null', null), 'not a text');
  assert.ok(!fits({ id }, { id, ...scene() }), 'launched with a link, asked for a scene');
});

test('a pre-fetch that does not say anything does not hold it up', () => {
  const got = run([{ status: 200, data: scene() }], { prefetch: true, cached: 'silence' });
  assert.deepStrictEqual([got.kind, got.sent.length, got.afterMs], ['go', 1, limits.prefetchWaitMs + 50]);
});

test('a pre-fetch that lands while the request is under way wins, and the request is aborted', () => {
  const started = start(['silence'], { prefetch: true, cached: (nowMs) => brought(nowMs - 90000, { id, ...scene() }) });
  started.time.advance(1000);
  assert.strictEqual(started.network.requests.length, 1);
  started.lands(brought(started.time.now(), { id, ...scene({ version: 5 }) }));
  started.time.advance(60000);
  assert.deepStrictEqual(started.outcomes.map((o) => [o.kind, o.scene.version]), [['go', 5]]);
  assert.deepStrictEqual(started.network.requests.map((sent) => sent.aborted), [true]);
});

test('a pre-fetch of another code that lands changes nothing', () => {
  const started = start([{ status: 200, data: scene(), afterMs: 2000 }], { prefetch: true });
  started.time.advance(500);
  started.lands(brought(started.time.now(), { id: 'another', ...scene({ version: 5 }) }, 'scene=another'));
  started.lands(null);
  started.time.advance(60000);
  assert.deepStrictEqual(started.outcomes.map((o) => o.scene.version), [1]);
  assert.strictEqual(started.network.requests.length, 1);
});

test('a pre-fetch that lands after the end changes nothing', () => {
  const started = start([problem(410, 'revoked')], { prefetch: true });
  started.time.advance(60000);
  started.lands(brought(started.time.now(), { id, ...scene() }));
  assert.deepStrictEqual(started.outcomes.map((o) => o.kind), ['revoked']);
});

// Where to.

test('the target is path and query as the server encoded them', () => {
  const to = destination(scene({ url: 'pages/a/b?x=%E4%BD%A0&y=', query: { x: '你', y: '' } }), 'pages/qr/index', []);
  assert.deepStrictEqual(to, {
    page: 'pages/a/b', url: '/pages/a/b?x=%E4%BD%A0&y=', query: { x: '你', y: '' }, isTab: false, isOwn: false,
  });
});

test('tab pages and the middle page itself are told apart, with and without a slash in front', () => {
  for (const path of ['pages/list/list', '/pages/list/list']) {
    assert.strictEqual(destination(scene({ url: `${path}?a=1` }), 'pages/qr/index', ['pages/list/list']).isTab, true);
    assert.strictEqual(destination(scene({ url: path }), 'pages/qr/index', ['/pages/list/list']).isTab, true);
    assert.strictEqual(destination(scene({ url: `${path}?scene=x` }), '/pages/list/list', []).isOwn, true);
  }
  assert.strictEqual(destination(scene({ url: 'pages/list/list2' }), 'pages/qr/index', ['pages/list/list']).isTab, false);
});

test('a scene without a query says so', () => {
  assert.strictEqual(destination({ url: 'pages/a' }, 'pages/qr/index', undefined).query, null);
});

// Configuration.

test('a configuration is right, or it is said what is wrong', () => {
  const good = { base: 'https://qr.example.com', home: 'pages/index/index' };
  const local = ['http://127.0.0.1:8080', 'http://localhost:8080/'];
  for (const base of [good.base, 'https://qr.example.com/', 'https://qr.example.com/codes', ...local]) {
    assert.strictEqual(configProblem({ ...good, base }), '', base);
  }
  for (const base of [undefined, '', 'qr.example.com', 'http://qr.example.com', 'https://qr.example.com/?x', 'https://', 7]) {
    assert.match(configProblem({ ...good, base }), /config\.js: base/, String(base));
  }
  assert.match(configProblem({ ...good, home: '' }), /config\.js: home/);
});
