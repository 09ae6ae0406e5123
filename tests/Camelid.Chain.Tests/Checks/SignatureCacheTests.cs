using Camelid.Chain.Checks;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;

namespace Camelid.Chain.Tests.Checks;

/// <summary>Rule C-22: a signature that held is found again, and nothing else passes by the cache.</summary>
[Trait("Rule", "C-22")]
public sealed class SignatureCacheTests
{
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();
    private static readonly PrivateKey Key = PrivateKey.FromBytes([.. new byte[31], 7], Curve)!;
    private static readonly PublicKey Public = Curve.PublicKeyOf(Key);
    private static readonly Hash256 Digest = Hashes.Sha256("digest"u8);

    [Fact]
    public void A_block_finds_what_the_mempool_has_checked_and_fills_nothing_itself()
    {
        SignatureCache cache = new(new byte[SignatureCache.SaltBytes]);
        CountingCurve counted = new();
        CachedCurve pool = new(counted, cache, remembers: true);
        CachedCurve block = new(counted, cache, remembers: false);
        byte[] signature = Curve.Sign(Key, Digest);
        Assert.True(block.Verify(Public, Digest, signature));
        Assert.True(block.Verify(Public, Digest, signature));
        Assert.Equal(2, counted.Checks);
        Assert.True(pool.Verify(Public, Digest, signature));
        Assert.Equal(3, counted.Checks);
        Assert.True(pool.Verify(Public, Digest, signature) && block.Verify(Public, Digest, signature));
        Assert.Equal(3, counted.Checks);
    }

    [Fact]
    public void No_other_signature_key_or_digest_passes_by_a_good_one()
    {
        SignatureCache cache = new(new byte[SignatureCache.SaltBytes]);
        CachedCurve pool = new(Curve, cache, remembers: true);
        byte[] good = Curve.Sign(Key, Digest);
        Assert.True(pool.Verify(Public, Digest, good));
        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 1;
            Assert.False(pool.Verify(Public, Digest, bad));
            Assert.False(pool.Verify(Public, Digest, bad), "a check that failed was remembered");
        }

        Assert.False(pool.Verify(Public, Hashes.Sha256("another"u8), good));
        PrivateKey other = PrivateKey.FromBytes([.. new byte[31], 8], Curve)!;
        Assert.False(pool.Verify(Curve.PublicKeyOf(other), Digest, good));
        Assert.False(pool.Verify(default, Digest, good));
        Assert.False(pool.Verify(Public, Digest, good.AsSpan(1)));
        Assert.False(pool.Verify(Public, Digest, new byte[500]));
    }

    [Fact]
    public void The_cache_keeps_at_most_what_it_may_and_its_salt_names_its_entries()
    {
        const int most = 512;
        SignatureCache cache = new(new byte[SignatureCache.SaltBytes], most);
        Hash256[] names = [.. Enumerable.Range(0, 4 * most).Select(i => Hashes.Sha256(BitConverter.GetBytes(i)))];
        foreach (Hash256 name in names)
        {
            cache.Remember(name);
            Assert.True(cache.Holds(name));
        }

        Assert.InRange(names.Count(cache.Holds), 1, most);
        SignatureCache salted = new([.. new byte[31], 1], most);
        Assert.NotEqual(cache.NameOf(Public, Digest, [1]), salted.NameOf(Public, Digest, [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SignatureCache(new byte[31], most));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SignatureCache(new byte[32], most + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SignatureCache(new byte[32], most / 2));
    }

    /// <summary>The real curve, and how often it was asked.</summary>
    private sealed class CountingCurve : ISecp256k1
    {
        public int Checks { get; private set; }

        public bool Verify(PublicKey key, Hash256 digest, ReadOnlySpan<byte> signatureDer)
        {
            Checks++;
            return Curve.Verify(key, digest, signatureDer);
        }

        public PublicKey PublicKeyOf(PrivateKey key) => Curve.PublicKeyOf(key);

        public bool IsPublicKey(ReadOnlySpan<byte> bytes) => Curve.IsPublicKey(bytes);

        public byte[] Sign(PrivateKey key, Hash256 digest) => Curve.Sign(key, digest);

        public byte[] SharedPoint(PrivateKey key, PublicKey other) => Curve.SharedPoint(key, other);

        public PrivateKey? AddTweak(PrivateKey key, Hash256 tweak) => Curve.AddTweak(key, tweak);

        public PublicKey? AddTweak(PublicKey key, Hash256 tweak) => Curve.AddTweak(key, tweak);

        public bool IsPrivateKey(ReadOnlySpan<byte> bytes) => Curve.IsPrivateKey(bytes);
    }
}
