namespace Camelid.Protocol.Tests.Primitives;

/// <summary>The published outputs of SipHash-2-4 under the key 00 01 … 0f, for the inputs 00 01 …</summary>
public sealed class SipHashTests
{
    private static readonly SipHash Published = new(0x0706050403020100, 0x0f0e0d0c0b0a0908);

    [Theory]
    [InlineData(0, 0x726fdb47dd0e0e31)]
    [InlineData(1, 0x74f839c593dc67fd)]
    [InlineData(2, 0x0d6c8009d9a94f5a)]
    [InlineData(8, 0x93f5f5799a932462)]
    [InlineData(15, 0xa129ca6149be45e5)]
    [InlineData(16, 0x3f2acc7f57c29bdb)]
    public void The_hash_is_the_published_one(int bytes, ulong expected) =>
        Assert.Equal(expected, Published.Hash([.. Enumerable.Range(0, bytes).Select(i => (byte)i)]));

    /// <summary>Bitcoin Core's vector for a hash of 32 bytes.</summary>
    [Fact]
    public void A_hash_is_hashed_by_its_bytes()
    {
        Hash256 value = Hash256.FromBytes([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        Assert.Equal(0x7127512f72f27cceul, Published.Hash(value));
        Assert.Equal(Published.Hash(value.ToBytes()), Published.Hash(value));
    }

    [Fact]
    public void A_key_is_read_little_endian() =>
        Assert.Equal(Published, SipHash.WithKey([.. Enumerable.Range(0, 16).Select(i => (byte)i)]));
}
