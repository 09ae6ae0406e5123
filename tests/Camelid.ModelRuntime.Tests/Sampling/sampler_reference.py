"""The sampler in another language, from docs/protocol.md (rules S-01 to S-16). It made sampler-vectors.json:
    python3 sampler_reference.py > sampler-vectors.json
Python's floats are IEEE-754 binary64; f() rounds to binary32. Logits are written as the bits of binary32, in hex."""
import json
import math
import random
import struct

ONE = 1_000_000
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10


def f(x):
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def f_bits(x):
    return struct.unpack("<I", struct.pack("<f", x))[0]


def of_f_bits(b):
    return struct.unpack("<f", struct.pack("<I", b))[0]


def bits_of(d):
    return struct.unpack("<q", struct.pack("<d", d))[0]


def of_bits(b):
    return struct.unpack("<d", struct.pack("<q", b))[0]


def philox(key, c):
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    x = list(c)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [(p1 >> 32) ^ x[1] ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ x[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return x


def exp(x):
    if not x >= -700:
        return 0.0
    k = math.floor(x * 1.4426950408889634 + 0.5)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    total = 1 / math.factorial(13)
    for n in range(12, -1, -1):
        total = (total * r) + 1 / math.factorial(n)
    return total * of_bits((k + 1023) << 52)


def log(u):
    b = bits_of(u)
    e = (b >> 52) - 1023
    m = of_bits((b & ((1 << 52) - 1)) | (1023 << 52))
    if m * 0.5 >= 0.70710678118654752:
        m, e = m * 0.5, e + 1
    s = (m - 1) / (m + 1)
    q = s * s
    total = 1 / 21
    for n in range(9, -1, -1):
        total = (total * q) + (1 / (2 * n + 1))
    return (e * LN2_HIGH) + (((2 * s) * total) + (e * LN2_LOW))


def choose(case):
    p = case["parameters"]
    z = [of_f_bits(int(x, 16)) for x in case["logits"].split()]
    output, prompt = case["output"], case["prompt"]
    for i in set(prompt + output):
        if i >= len(z):
            continue
        r = p["repetition"] / ONE
        v = z[i] / r if z[i] > 0 else z[i] * r
        c = output.count(i)
        if c:
            v = v - (p["frequency"] / ONE) * c
            v = v - p["presence"] / ONE
        z[i] = f(v)
    for i, b in p["biases"]:
        if i < len(z):
            z[i] = f(z[i] + b / ONE)
    ids = sorted((i for i in range(len(z)) if math.isfinite(z[i])), key=lambda i: (-z[i], i))
    if not ids:
        return None
    if p["temperature"] == 0:
        return ids[0]
    greatest = z[ids[0]]
    x = {i: (z[i] - greatest) / (p["temperature"] / ONE) for i in ids}
    if p["topK"]:
        ids = ids[: p["topK"]]
    w = {i: math.floor(exp(x[i]) * 2.0**40) for i in ids}
    if p["topP"] != ONE:
        total, before, kept = sum(w.values()), 0, []
        for i in ids:
            if ONE * before < p["topP"] * total:
                kept.append(i)
            before += w[i]
        ids = kept
    ids = [i for i in ids if ONE * w[i] >= p["minP"] << 40]
    best = None
    for i in sorted(ids):
        u = (philox(case["seedKey"], [i >> 2, case["position"], 0, 0])[i & 3] + 0.5) / 4294967296.0
        score = x[i] - log(-log(u))
        if best is None or score > best[0]:
            best = (score, i)
    return best[1]


NEUTRAL = {"temperature": ONE, "topK": 0, "topP": ONE, "minP": 0, "repetition": ONE, "presence": 0, "frequency": 0, "biases": []}


def random_logits(r, size):
    shape = r.choice(["peaked", "flat", "ties", "mixed"])
    spread = {"peaked": 5, "flat": 0.3, "ties": 1, "mixed": 3}[shape]
    values = [r.gauss(0, spread) for _ in range(size)]
    if shape == "ties":
        values = [float(r.randint(-2, 2)) for _ in range(size)]
    if shape == "mixed":
        odd = [math.inf, -math.inf, math.nan, -0.0, 0.0, 1e-45, -1e-40, 3e38, -3e38]
        values = [r.choice(odd[:7] if n else odd) if r.random() < 0.2 else v for n, v in enumerate(values)]
    return [f(v) for v in values]


def make(r, rule, logits, **changes):
    parameters = dict(NEUTRAL)
    case = {"rule": rule, "logits": " ".join(f"{f_bits(x):08x}" for x in logits), "prompt": [], "output": [],
            "seedKey": r.getrandbits(64), "position": r.randrange(500), "parameters": parameters}
    for name, value in changes.items():
        (parameters if name in parameters else case)[name] = value
    case["expected"] = choose(case)
    return case


# Differences of two logits that are -ln 2 after division by the temperature, so that the weight is 2^39 exactly.
HALVES = [(1_969_562, float.fromhex("-0x1.5d7d82p+0")), (1_910_401, float.fromhex("-0x1.52fe0ep+0"))]


def near_tie(r):
    """Two tokens whose scores differ by about the last bit of binary32: x must not be rounded to it."""
    key, position, t = r.getrandbits(64), r.randrange(500), r.choice([300_000, 700_000, 900_000])
    g0, g1 = (-log(-log((word + 0.5) / 4294967296.0)) for word in philox(key, [0, position, 0, 0])[:2])
    low, high = f(-abs(g1 - g0) * (t / ONE)), 0.0
    return make(r, "S-01", [low, high] if g0 > g1 else [high, low], temperature=t, seedKey=key, position=position)


def directed(r):
    """Cases that each rest on one rule."""
    for n in range(8):
        size = 6 + n
        ties = [float(r.randint(0, 1)) for _ in range(size)]
        wide = [f(r.gauss(0, 3)) for _ in range(size)]
        flat = [f(r.gauss(0, 0.3)) for _ in range(size)]
        tokens = [r.randrange(size + 2) for _ in range(5)]
        best = [i for i in range(size) if wide[i] == max(wide)][0]
        yield make(r, "S-03", wide, temperature=0, repetition=1_700_000, prompt=[best], output=[best])
        yield make(r, "S-03", [f(x - 9) for x in wide], repetition=1_300_000, prompt=tokens)
        yield make(r, "S-04", flat, temperature=0, frequency=400_000, presence=-300_000, output=tokens, prompt=[0, 1])
        yield make(r, "S-04", flat, frequency=-1_500_000, presence=900_000, output=tokens + tokens)
        yield make(r, "S-05", wide, temperature=0, biases=[[n % size, 100_000_000], [size + 1, 100_000_000]])
        yield make(r, "S-05", flat, biases=[[0, 333_333], [3, -1_234_567]], repetition=2 * ONE, prompt=[0, 3])
        yield make(r, "S-05", [1.0, 1.0 + 2**-23, 0.0], temperature=0, biases=[[0, n]])
        yield make(r, "S-06", [math.inf, -math.inf, math.nan] + wide, temperature=ONE if n % 2 else 0, biases=[[0, -5]])
        yield make(r, "S-06", [-3e38, -3.1e38, -3.2e38], repetition=2 * ONE, prompt=list(range(n % 4)), temperature=0)
        yield make(r, "S-07", ties, temperature=0)
        yield make(r, "S-07", [-0.0, 0.0] if n % 2 else [-1.0, 0.0, -0.0], temperature=0)
        yield make(r, "S-08", wide, temperature=[1, 5_000, 100_000, 250_000, 333_333, 700_000, 1_500_000, 2_000_000][n])
        yield make(r, "S-08", [f(1e30), f(1e30), f(1e30 * (1 + 2**-22))], temperature=2 * ONE)
        yield make(r, "S-09", flat, topK=1 + n % 3)
        yield make(r, "S-09", ties, topK=2)
        yield make(r, "S-11", flat, topP=[1, 100_000, 300_000, 500_000, 800_000, 900_000, 999_999, 250_000][n])
        yield make(r, "S-11", ties, topP=500_000)
        yield make(r, "S-11", [0.0, 0.0, 0.0, 0.0], topP=[250_000, 250_001, 500_000, 749_999][n % 4])
        yield make(r, "S-12", wide, minP=[1, 50_000, 100_000, 300_000, 500_000, 900_000, 999_999, ONE][n])
        yield make(r, "S-12", ties, minP=ONE)
        yield make(r, "S-12", flat, minP=700_000, topP=600_000, topK=4)
        yield make(r, "S-11", flat, topK=2 + n % 4, topP=[400_000, 600_000, 800_000, 900_000][n % 4])
        yield make(r, "S-13", [0.0] * (size + 20), position=n, seedKey=n)
        yield make(r, "S-14", flat)
        yield make(r, "S-02", [-100.0, 0.0, -101.0], temperature=0, biases=[[0, 99_999_999 + n % 3]])
        yield from (near_tie(r) for _ in range(3))
    for temperature, difference in HALVES:
        for _ in range(4):
            yield make(r, "S-12", [f(difference), 0.0], temperature=temperature, minP=500_000)


def random_cases(r):
    for n in range(160):
        size = r.choice([2, 5, 16, 40, 90])
        tokens = lambda k: [r.randrange(size + 1) for _ in range(r.randrange(k))]
        biased = sorted(r.sample(range(size), r.randrange(min(3, size))))
        yield make(r, "all", random_logits(r, size), prompt=tokens(4), output=tokens(6),
            temperature=r.choice([0, 1, 250_000, 700_000, ONE, 2 * ONE]),
            topK=r.choice([0, 0, 1, 3, 20, 1000]), topP=r.choice([ONE, 1, 500_000, 900_000, 999_999]),
            minP=r.choice([0, 0, 50_000, ONE]), repetition=r.choice([ONE, 1_100_000, 2 * ONE]),
            presence=r.choice([0, 500_000, -2 * ONE]), frequency=r.choice([0, 333_333, -ONE]),
            biases=[[i, r.choice([-100_000_000, -1, 1_500_000, 99_999_999])] for i in biased])


def hex_of(d):
    return f"{bits_of(d) & (1 << 64) - 1:016x}"


def main():
    r = random.Random(20261120)
    choices = list(directed(r)) + list(random_cases(r))
    below = [-0.0, -1e-300, -1e-9, -0.3465735, -0.3465736, -1.0, -27.725887222397812, -28.0, -699.9] \
        + [-r.random() * 28 for _ in range(55)]
    above = [of_bits(0x0010000000000000), 2.0**-33, 0.5, 0.70710678118654752, 0.7071067811865476, 1.0, 1.4142135623730951,
             1 - 2.0**-33] + [r.random() * r.choice([1, 25]) for _ in range(56)]
    print('{\n"choices": [\n' + ",\n".join(json.dumps(case) for case in choices) + "\n],")
    print('"exp": [\n' + ",\n".join(json.dumps([hex_of(x), hex_of(exp(x))]) for x in below) + "\n],")
    print('"log": [\n' + ",\n".join(json.dumps([hex_of(x), hex_of(log(x))]) for x in above) + "\n]\n}")


main()
