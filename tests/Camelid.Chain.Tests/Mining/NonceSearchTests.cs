using System.Numerics;
using Camelid.Chain.Mining.Hashing;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Chain.Tests.Mining;

/// <summary>Rule M-30: every way of looking for nonces that this machine has finds what the reference finds.</summary>
[Trait("Rule", "M-30")]
public sealed class NonceSearchTests
{
    private static readonly PlatformSearch Reference = new();
    private static readonly BigInteger Below = (BigInteger.One << 224) - 1;

    public static TheoryData<string> Paths =>
        [.. NoncePath.All.Append(NoncePath.Platform).Where(path => path.IsSupported).Select(path => path.Name)];

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_path_agrees_with_the_reference_on_random_headers(string name)
    {
        int seed = Random.Shared.Next();
        Assert.True(PathCheck.Agrees(Find(name), new Random(seed)), $"{name} disagrees, seed {seed}");
    }

    /// <summary>Ranges of up to 200 nonces from anywhere, with targets of 0 to 12 leading zero bits.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public void A_path_finds_the_lowest_nonce_of_any_range(string name)
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        NonceSearch search = Find(name).Create();
        for (int i = 0; i < 400; i++)
        {
            HeaderWork work = new(Header(random, Bits(random.Next(13), random)));
            uint first = (uint)random.NextInt64(1L << 32);
            uint last = (uint)Math.Min(uint.MaxValue, first + (ulong)random.Next(200));
            Assert.True(
                Reference.Find(work, first, last) == search.Find(work, first, last),
                $"{name}: {work.Header}, {first} to {last}, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_path_finds_every_hit_at_both_ends_of_the_nonces(string name)
    {
        Random random = new(1);
        NonceSearch search = Find(name).Create();
        HeaderWork work = new(Header(random, Network.EasiestBits));
        foreach ((uint first, uint last) in new[] { (0u, 0u), (0u, 99u), (uint.MaxValue - 99, uint.MaxValue),
            (uint.MaxValue, uint.MaxValue) })
        {
            Assert.Equal(Hits(Reference, work, first, last), Hits(search, work, first, last));
        }
    }

    /// <summary>Also where only the bits below the highest 32 decide.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public void A_hash_that_equals_the_target_reaches_it_and_one_above_does_not(string name)
    {
        Random random = new(2);
        NonceSearch search = Find(name).Create();
        for (int i = 0; i < 50; i++)
        {
            BlockHeader header = Header(random, Network.EasiestBits);
            uint nonce = (uint)random.NextInt64(1L << 32);
            BigInteger hash = new(new HeaderWork(header).Hash(nonce).ToBytes(), isUnsigned: true);
            Assert.Equal(nonce, search.Find(new HeaderWork(header, hash), nonce, nonce));
            Assert.Null(search.Find(new HeaderWork(header, hash - 1), nonce, nonce));
            Assert.Null(search.Find(new HeaderWork(header, hash >> 224 << 224), nonce, nonce));
            Assert.Equal(nonce, search.Find(new HeaderWork(header, hash | Below), nonce, nonce));
        }
    }

    /// <summary>Bitcoin's first block, whose nonce is known: 32 zero bits, none of them found by chance.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public void The_nonce_of_bitcoins_first_block_is_found_where_it_is_and_nowhere_else(string name)
    {
        Assert.True(Hash256.TryParseReversed(
            "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b", out Hash256 root));
        BlockHeader header = new()
        {
            Version = 1,
            PreviousHash = default,
            MerkleRoot = root,
            Time = 1_231_006_505,
            Bits = 0x1d00ffff,
            Nonce = 0,
        };
        const uint nonce = 2_083_236_893;
        NonceSearch search = Find(name).Create();
        HeaderWork work = new(header);
        Assert.Equal(nonce, search.Find(work, nonce - 1_000, nonce + 1_000));
        Assert.Null(search.Find(work, nonce - 1_000, nonce - 1));
        Assert.Null(search.Find(work, nonce + 1, nonce + 1_000));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_range_that_would_wrap_is_refused(string name) =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Find(name).Create().Find(new HeaderWork(Network.Regtest.Genesis.Header), 1, 0));

    /// <summary>The negative control: a path that loses every third nonce, and one that sees none.</summary>
    [Fact]
    public void A_path_that_disagrees_is_recognised()
    {
        Assert.False(PathCheck.Agrees(new NoncePath("forgetful", true, () => new Forgetful()), new Random(3)));
        Assert.False(PathCheck.Agrees(new NoncePath("blind", true, () => new Blind()), new Random(3)));
    }

    [Fact]
    public void A_path_that_disagrees_or_that_the_machine_lacks_is_not_used()
    {
        NoncePath blind = new("blind", true, () => new Blind());
        NoncePath absent = new("absent", false, () => throw new InvalidOperationException("not on this machine"));
        CheckedPaths paths = new([blind, absent, Find("scalar")], 4, NullLogger<CheckedPaths>.Instance);
        Assert.Equal(["scalar", "platform"], paths.All.Select(path => path.Name));
        Assert.Equal("scalar", paths.Best.Name);
        Assert.Equal("platform", new CheckedPaths([blind], 4, NullLogger<CheckedPaths>.Instance).Best.Name);
    }

    [Fact]
    public void A_header_without_a_target_is_refused() =>
        Assert.ThrowsAny<ArgumentException>(() => new HeaderWork(Network.Regtest.Genesis.Header with { Bits = 0 }));

    private static NoncePath Find(string name) =>
        NoncePath.All.Append(NoncePath.Platform).Single(path => path.Name == name);

    private static List<uint> Hits(NonceSearch search, HeaderWork work, uint first, uint last)
    {
        List<uint> hits = [];
        for (uint? found = search.Find(work, first, last); found is { } hit;)
        {
            hits.Add(hit);
            found = hit == last ? null : search.Find(work, hit + 1, last);
        }

        return hits;
    }

    /// <summary>Bits of a target with so many leading zeros.</summary>
    private static uint Bits(int zeros, Random random) => ProofOfWork.BitsOf(
        ((BigInteger.One << 256) - 1 - (new BigInteger(random.Next()) << 224)) >> zeros);

    private static BlockHeader Header(Random random, uint bits) => new()
    {
        Version = random.Next(),
        PreviousHash = new BlockHash(Hashes.Sha256(BitConverter.GetBytes(random.Next()))),
        MerkleRoot = Hashes.Sha256(BitConverter.GetBytes(random.Next())),
        Time = (uint)random.Next(),
        Bits = bits,
        Nonce = 0,
    };

    private sealed class Forgetful : NonceSearch
    {
        protected override uint? FindIn(HeaderWork work, uint first, uint last)
        {
            for (ulong nonce = first; nonce <= last; nonce++)
            {
                if (nonce % 3 != 0 && work.Reaches((uint)nonce))
                {
                    return (uint)nonce;
                }
            }

            return null;
        }
    }

    private sealed class Blind : NonceSearch
    {
        protected override uint? FindIn(HeaderWork work, uint first, uint last) => null;
    }
}
