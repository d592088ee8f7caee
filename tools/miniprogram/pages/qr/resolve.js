// What a scanned code stands for. No `wx` here: what this needs of the outside comes in as `env`, so that tests run it
// on virtual time. `env` has
//   now() ms, random() in [0, 1), setTimeout(f, ms), clearTimeout(timer)
//   request({url, timeout, success, fail}) -> {abort()}   as wx.request
//   networkType(f)   calls f once with WeChat's word for the network, 'none' without one
//   prefetched(f)    calls f with what a data pre-fetch brought, or null: now, and again when one lands

const limits = {
  attemptsMax: 3,
  attemptTimeoutMs: 3000,
  attemptLeftMinMs: 500, // no attempt is begun with less of the budget left
  budgetMs: 10000, // a person knows after this long, whatever happens
  backoffMs: 300, // doubles with each attempt; a wait is once to twice as long
  retryAfterMaxMs: 5000, // a server that wants more is away: say so at once
  networkTypeWaitMs: 500,
  prefetchWaitMs: 300,
  prefetchAgeMaxMs: 30000, // as long as the server's own caches
  prefetchAheadMaxMs: 2000,
};

// Only what our own server says is believed of a code: a 404 of some proxy on the way means that the service is away.
const verdicts = {
  '400 invalid_request': 'unknown',
  '404 unknown_code': 'unknown',
  '410 revoked': 'revoked',
  '410 expired': 'expired',
};

const offlineWords = /offline|INTERNET_DISCONNECTED|断开与互联网/i; // of iOS and Android

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch (malformed) {
    return text;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (malformed) {
    return null;
  }
}

/// The code that a page was opened with: {id} of a mini-program code, {link} of a scanned ordinary link, or null.
/// WeChat encodes the link once; some ways into a mini-program encode it again.
function codeOf(options) {
  const id = decoded(String(options.scene || '')).trim();
  if (id) return { id };
  let link = String(options.q || '').trim();
  for (let layers = 0; layers < 3 && !/^https?:\/\//i.test(link); layers += 1) link = decoded(link);
  return link ? { link } : null;
}

function requestUrl(base, code, launch) {
  const root = base.replace(/\/+$/, '') + '/v1/scenes';
  const asked = code.id ? `/${encodeURIComponent(code.id)}?` : `?q=${encodeURIComponent(code.link)}&`;
  return (root + asked + (Number.isInteger(launch) ? `launch=${launch}` : '')).replace(/[?&]$/, '');
}

function isScene(body) {
  return Boolean(body) && typeof body.url === 'string' && body.url !== '';
}

function optionsOf(query) {
  if (query && typeof query === 'object') return query;
  const options = {};
  String(query || '').split('&').forEach((pair) => {
    const at = pair.indexOf('=');
    if (at > 0) options[pair.slice(0, at)] = pair.slice(at + 1);
  });
  return options;
}

// The id stands at the end of a link, behind a prefix that only the server knows.
function belongs(id, code) {
  if (typeof id !== 'string') return false;
  if (code.id) return id === code.id;
  return code.link.endsWith(id) && /[^0-9A-Za-z_-]/.test(code.link.charAt(code.link.length - id.length - 1));
}

/// The scene in what a pre-fetch brought, or null when it is stale, unreadable, a refusal or the answer for another
/// code: while a pre-fetch is under way, WeChat gives what the launch before brought.
function prefetchedScene(brought, code, nowMs) {
  if (!brought || typeof brought.fetchedData !== 'string') return null;
  const ageMs = nowMs - brought.timeStamp; // both by the phone's clock; the wrong times of old iOS do not fit
  if (!(ageMs >= -limits.prefetchAheadMaxMs && ageMs <= limits.prefetchAgeMaxMs)) return null;
  const launched = codeOf(optionsOf(brought.query));
  if (launched && (launched.id !== code.id || launched.link !== code.link)) return null;
  const body = parsed(brought.fetchedData);
  return isScene(body) && belongs(body.id, code) ? body : null;
}

function retryAfterMs(header) {
  const name = Object.keys(header || {}).find((key) => key.toLowerCase() === 'retry-after');
  const seconds = name ? Number(header[name]) : 0; // the form with a date is not for phones, whose clocks are what they are
  return seconds > 0 ? seconds * 1000 : 0;
}

/// Calls done once with {kind: 'go', scene} or {kind, why}, kind being unknown, revoked, expired, away or offline.
/// `asked` is {code, url, prefetch}. Returns a function that ends it: then done is not called any more.
function resolve(env, asked, done) {
  const deadline = env.now() + limits.budgetMs;
  let attempts = 0;
  let over = false;
  let timer = null;
  let task = null;

  function abort() {
    if (task && task.abort) task.abort();
    task = null;
  }

  function stop() {
    over = true;
    env.clearTimeout(timer);
    abort();
  }

  function finish(outcome) {
    if (over) return;
    stop();
    done(outcome);
  }

  // Calls next once: with what start brings, or with nothing when that takes longer. What comes later is not heard.
  function within(ms, start, next) {
    let settled = false;
    const once = (value) => {
      if (settled || over) return;
      settled = true;
      env.clearTimeout(timer);
      next(value);
    };
    timer = env.setTimeout(() => once(), ms);
    return start(once);
  }

  function again(why, askedToWaitMs) {
    const waitMs = Math.max(limits.backoffMs * Math.pow(2, attempts - 1), askedToWaitMs) * (1 + env.random());
    const late = env.now() + waitMs > deadline - limits.attemptLeftMinMs;
    const tooMuch = askedToWaitMs > limits.retryAfterMaxMs;
    if (attempts >= limits.attemptsMax || tooMuch || late) finish({ kind: 'away', why });
    else timer = env.setTimeout(ask, waitMs);
  }

  function answered(res) {
    const body = typeof res.data === 'string' ? parsed(res.data) : res.data;
    const why = `status ${res.statusCode}`;
    const verdict = verdicts[`${res.statusCode} ${body && body.code}`];
    if (res.statusCode === 200 && isScene(body)) finish({ kind: 'go', scene: body });
    else if (verdict) finish({ kind: verdict, why });
    else if (res.statusCode === 429 || res.statusCode >= 500) again(why, retryAfterMs(res.header));
    else finish({ kind: 'away', why });
  }

  function failed(why) {
    within(limits.networkTypeWaitMs, env.networkType, (type) => {
      if (type === 'none' || offlineWords.test(why)) finish({ kind: 'offline', why });
      else if (/domain list/.test(why)) finish({ kind: 'away', why }); // WeChat lets no request out: no use in more
      else again(why, 0);
    });
  }

  function ask() {
    attempts += 1;
    const timeout = Math.min(limits.attemptTimeoutMs, deadline - env.now());
    const start = (once) => env.request({ url: asked.url, timeout, success: once, fail: once });
    task = within(timeout, start, (res) => {
      if (!res) abort();
      task = null;
      if (res && res.statusCode) answered(res);
      else failed((res && res.errMsg) || 'no answer in time');
    });
  }

  if (asked.prefetch) {
    // One that lands while a request is under way is as good: whichever fits first.
    within(limits.prefetchWaitMs, (once) => env.prefetched((brought) => {
      const scene = prefetchedScene(brought, asked.code, env.now());
      if (scene) finish({ kind: 'go', scene });
      else once();
    }), ask);
  } else {
    ask();
  }
  return stop;
}

/// Where a scene leads: {page, url, query, isTab, isOwn}. `url` is for redirectTo; a tab page cannot be given a query.
function destination(scene, ownPage, tabPages) {
  const plain = (path) => path.split('?')[0].replace(/^\/+/, '');
  const page = plain(scene.url);
  return {
    page,
    url: '/' + scene.url.replace(/^\/+/, ''),
    query: scene.query === undefined ? null : scene.query,
    isTab: (tabPages || []).some((tab) => plain(tab) === page),
    isOwn: page === plain(ownPage),
  };
}

/// What is wrong with the configuration, in words for its developer; '' if nothing.
function configProblem(config) {
  const secure = /^https:\/\/[^/?#\s]+(\/[^?#\s]*)?$/.test(config.base);
  const local = /^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?\/?$/.test(config.base);
  if (!secure && !local) {
    return `config.js: base is ${JSON.stringify(config.base)}; give the address of qrwell, like https://qr.example.com`;
  }
  if (typeof config.home !== 'string' || config.home === '') {
    return 'config.js: home is missing; give the page that the button leads to, like pages/index/index';
  }
  return '';
}

module.exports = { limits, codeOf, requestUrl, prefetchedScene, resolve, destination, configProblem };
