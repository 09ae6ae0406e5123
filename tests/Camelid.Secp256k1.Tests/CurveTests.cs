using System.Globalization;
using System.Security.Cryptography;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Secp256k1.Tests;

/// <summary>Rule C-02: both implementations give the same bytes, and refuse the same ones.</summary>
public sealed class CurveTests
{
    private const string Order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    private static readonly Secp256k1Managed Managed = new();

    public static TheoryData<string> Implementations => ["library", "managed"];

    [Fact]
    public void Both_give_the_same_keys_signatures_points_and_tweaks()
    {
        ISecp256k1 library = Curve("library");
        for (int i = 0; i < 100; i++)
        {
            PrivateKey key = Key(i, library);
            PrivateKey other = Key(i + 1000, library);
            Hash256 digest = Digest(i);
            PublicKey publicKey = library.PublicKeyOf(key);
            Assert.Equal(publicKey, Managed.PublicKeyOf(key));
            byte[] signature = library.Sign(key, digest);
            Assert.Equal(signature, Managed.Sign(key, digest));
            Assert.True(library.Verify(publicKey, digest, signature));
            Assert.True(Managed.Verify(publicKey, digest, signature));
            byte[] point = library.SharedPoint(key, Managed.PublicKeyOf(other));
            Assert.Equal(point, Managed.SharedPoint(key, Managed.PublicKeyOf(other)));
            Assert.Equal(point, Managed.SharedPoint(other, publicKey));
            PrivateKey sum = library.AddTweak(key, digest)!;
            Assert.Equal(sum.Span, Managed.AddTweak(key, digest)!.Span);
            Assert.Equal(library.PublicKeyOf(sum), library.AddTweak(publicKey, digest));
            Assert.Equal(library.PublicKeyOf(sum), Managed.AddTweak(publicKey, digest));
        }
    }

    [Fact]
    public void Both_judge_damaged_signatures_alike()
    {
        ISecp256k1 library = Curve("library");
        PrivateKey key = Key(7, library);
        PublicKey publicKey = library.PublicKeyOf(key);
        byte[] good = library.Sign(key, Digest(7));
        for (int at = 0; at < good.Length; at++)
        {
            foreach (byte flip in new byte[] { 1, 0x80, 0xff })
            {
                byte[] bad = [.. good];
                bad[at] ^= flip;
                Assert.False(library.Verify(publicKey, Digest(7), bad), Text(at, flip));
                Assert.False(Managed.Verify(publicKey, Digest(7), bad), Text(at, flip));
            }

            Assert.False(library.Verify(publicKey, Digest(7), good.AsSpan(0, at)));
            Assert.False(Managed.Verify(publicKey, Digest(7), good.AsSpan(0, at)));
        }

        Assert.False(library.Verify(publicKey, Digest(7), [.. good, 0]));
        Assert.False(Managed.Verify(publicKey, Digest(7), [.. good, 0]));
        Assert.False(library.Verify(publicKey, Digest(8), good));
        Assert.False(Managed.Verify(publicKey, Digest(8), good));
    }

    /// <summary>RFC 6979 on secp256k1 with SHA-256: known answers of the trezor and bitcoinjs test suites.</summary>
    [Theory]
    [MemberData(nameof(Implementations))]
    public void The_nonce_is_that_of_rfc_6979(string name)
    {
        ISecp256k1 curve = Curve(name);
        byte[] one = [.. new byte[31], 1];
        byte[] signature = curve.Sign(PrivateKey.FromBytes(one, curve)!, Hashes.Sha256("Satoshi Nakamoto"u8));
        Assert.Equal(
            "3045022100934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
            + "02202442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
            Convert.ToHexStringLower(signature));
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void A_high_s_is_refused(string name)
    {
        ISecp256k1 curve = Curve(name);
        PrivateKey key = Key(3, curve);
        byte[] low = curve.Sign(key, Digest(3));
        Assert.True(StrictDer.TryDecode(low, out byte[] r, out byte[] s));
        System.Numerics.BigInteger order = System.Numerics.BigInteger.Parse(
            "0" + Order, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        System.Numerics.BigInteger high = order - new System.Numerics.BigInteger(s, true, true);
        byte[] signature = StrictDer.Encode(r, high.ToByteArray(true, true));
        Assert.True(StrictDer.TryDecode(signature, out _, out _));
        Assert.False(curve.Verify(curve.PublicKeyOf(key), Digest(3), signature));
        Assert.True(curve.Verify(curve.PublicKeyOf(key), Digest(3), low));
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void A_private_key_is_at_least_one_and_below_the_order(string name)
    {
        ISecp256k1 curve = Curve(name);
        byte[] order = Convert.FromHexString(Order);
        byte[] largest = [.. order[..31], 0x40];
        Assert.False(curve.IsPrivateKey(new byte[32]));
        Assert.False(curve.IsPrivateKey(order));
        Assert.False(curve.IsPrivateKey(new byte[31]));
        Assert.False(curve.IsPrivateKey([.. largest, 0]));
        Assert.True(curve.IsPrivateKey(largest));
        Assert.True(curve.IsPrivateKey([.. new byte[31], 1]));
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void A_tweak_that_leads_to_nothing_is_refused(string name)
    {
        ISecp256k1 curve = Curve(name);
        byte[] order = Convert.FromHexString(Order);
        byte[] minusOne = [.. order[..31], 0x40];
        PrivateKey one = PrivateKey.FromBytes([.. new byte[31], 1], curve)!;
        Assert.Null(curve.AddTweak(one, Hash256.FromBytes(minusOne)));
        Assert.Null(curve.AddTweak(one, Hash256.FromBytes(order)));
        Assert.Null(curve.AddTweak(curve.PublicKeyOf(one), Hash256.FromBytes(minusOne)));
        Assert.Null(curve.AddTweak(curve.PublicKeyOf(one), Hash256.FromBytes(order)));
        Assert.NotNull(curve.AddTweak(one, Hash256.FromBytes([.. new byte[31], 1])));
    }

    [Theory]
    [MemberData(nameof(Implementations))]
    public void A_public_key_is_a_point_on_the_curve(string name)
    {
        ISecp256k1 curve = Curve(name);
        byte[] key = curve.PublicKeyOf(Key(5, curve)).Span.ToArray();
        Assert.True(curve.IsPublicKey(key));
        Assert.False(curve.IsPublicKey([0x04, .. key[1..]]));
        Assert.False(curve.IsPublicKey(key.AsSpan(0, 32)));
        Assert.False(curve.IsPublicKey([0x02, .. Enumerable.Repeat((byte)0xff, 32)]));
        // x = 5 has no point: 5^3 + 7 = 132 is not a square.
        Assert.False(curve.IsPublicKey([0x02, .. new byte[31], 5]));
        Assert.False(curve.Verify(default, Digest(1), curve.Sign(Key(5, curve), Digest(1))));
    }

    [Fact]
    public void The_provider_takes_the_library_where_there_is_one() => Assert.Equal(
        Secp256k1Library.IsInstalled ? typeof(Secp256k1Library) : typeof(Secp256k1Managed),
        Secp256k1Provider.Create().GetType());

    private static ISecp256k1 Curve(string name)
    {
        Assert.SkipUnless(
            name == "managed" || Secp256k1Library.IsInstalled, "libsecp256k1 is not installed on this machine");
        return name == "managed" ? Managed : new Secp256k1Library();
    }

    private static Hash256 Digest(int number) => Hashes.Sha256(BitConverter.GetBytes(number));

    private static PrivateKey Key(int number, ISecp256k1 curve) => PrivateKey.FromBytes(
        SHA256.HashData(BitConverter.GetBytes(number + 1_000_000)), curve)!;

    private static string Text(int at, byte flip) => FormattableString.Invariant($"byte {at} ^ {flip:x2}");
}
