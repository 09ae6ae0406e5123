"""A second implementation of the sampler, from the text of Sampler.cs, which made sampler-vectors.json:
    python3 sampler_reference.py > sampler-vectors.json
Python's floats are IEEE-754 binary64; f() rounds to binary32."""
import json
import random
import struct


def f(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def philox(key, c):
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    x = list(c)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [(p1 >> 32) ^ x[1] ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ x[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return x


def bits_of(d):
    return struct.unpack("<q", struct.pack("<d", d))[0]


def of_bits(b):
    return struct.unpack("<d", struct.pack("<q", b))[0]


LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10


def exp(x):
    if not x >= -700:
        return 0.0
    scaled = x * 1.4426950408889634 + 0.5
    k = int(scaled)
    k -= 1 if k > scaled else 0
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    total = 1.0
    for n in range(13, 0, -1):
        total = ((total * r) / n) + 1
    return total * of_bits((k + 1023) << 52)


def log(u):
    b = bits_of(u)
    e = (b >> 52) - 1023
    m = of_bits((b & ((1 << 52) - 1)) | (1023 << 52))
    if m * 0.5 >= 0.70710678118654752:
        m, e = m * 0.5, e + 1
    s = (m - 1) / (m + 1)
    q = s * s
    total = 0.0
    for n in range(10, -1, -1):
        total = (total * q) + (1.0 / (2 * n + 1))
    return (e * LN2_HIGH) + (((2 * s) * total) + (e * LN2_LOW))


def choose(case):
    p = case["parameters"]
    dec = lambda name: f(p[name] / 1_000_000)
    z = [f(x) for x in case["logits"]]
    output, prompt = case["output"], case["prompt"]
    for i in set(prompt + output):
        z[i] = f(z[i] / dec("repetition")) if z[i] > 0 else f(z[i] * dec("repetition"))
        c = output.count(i)
        if c:
            z[i] = f(z[i] - f(dec("frequency") * c))
            z[i] = f(z[i] - dec("presence"))
    for i, b in p["biases"]:
        z[i] = f(z[i] + f(b / 1_000_000))
    ids = sorted(range(len(z)), key=lambda i: (-z[i], i))
    if p["temperature"] == 0:
        return ids[0]
    z = [f(x / dec("temperature")) for x in z]
    ids = sorted(range(len(z)), key=lambda i: (-z[i], i))
    if p["topK"]:
        ids = ids[: p["topK"]]
    if p["topP"] != 1_000_000 or p["minP"]:
        w = [exp(z[i] - z[ids[0]]) for i in ids]
        total = 0.0
        for x in w:
            total += x
        kept, before = len(ids), 0.0
        if p["topP"] != 1_000_000:
            kept = 0
            while kept < len(ids) and (kept == 0 or before < dec("topP") * total):
                before += w[kept]
                kept += 1
        ids = [i for n, i in enumerate(ids[:kept]) if n == 0 or w[n] >= dec("minP")]
    best = None
    for i in sorted(ids):
        u = (philox(case["seedKey"], [i >> 2, case["position"], 0, 0])[i & 3] + 0.5) / 4294967296.0
        score = z[i] - log(-log(u))
        if best is None or score > best[0]:
            best = (score, i)
    return best[1]


def main():
    r = random.Random(20261120)
    cases = []
    for n in range(96):
        size = r.choice([2, 5, 16, 40])
        logits = [f(r.choice([r.gauss(0, 3), float(r.randint(-2, 2))])) for _ in range(size)]
        tokens = lambda k: [r.randrange(size) for _ in range(r.randrange(k))]
        biased = sorted(r.sample(range(size), r.randrange(min(3, size))))
        case = {
            "logits": logits, "prompt": tokens(4), "output": tokens(6), "seedKey": r.getrandbits(64), "position": r.randrange(500),
            "parameters": {
                "temperature": r.choice([0, 1, 250_000, 700_000, 1_000_000, 2_000_000]),
                "topK": r.choice([0, 0, 1, 3, 100]), "topP": r.choice([1_000_000, 1, 500_000, 900_000, 999_999]),
                "minP": r.choice([0, 0, 50_000, 1_000_000]), "repetition": r.choice([1_000_000, 1_100_000, 2_000_000]),
                "presence": r.choice([0, 500_000, -2_000_000]), "frequency": r.choice([0, 333_333, -1_000_000]),
                "biases": [[i, r.choice([-100_000_000, -1, 1_500_000, 100_000_000])] for i in biased],
            },
        }
        case["expected"] = choose(case)
        cases.append(case)
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")


main()
