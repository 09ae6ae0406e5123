using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;

namespace Camelid.Protocol.Tests.Jobs;

/// <summary>Rule E-26.</summary>
public sealed class DeliveryEnvelopeTests
{
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();
    private static readonly PrivateKey Client = KeyOf("client");
    private static readonly byte[] Content = "the ciphertext of an output"u8.ToArray();
    private static readonly byte[] Data = SampleJobs.HashOf("testament").ToBytes();

    private static byte[] Sealed =>
        DeliveryEnvelope.Seal(Curve, KeyOf("one-time"), Curve.PublicKeyOf(Client), Content, Data);

    [Fact]
    [Trait("Rule", "E-26")]
    public void The_client_opens_what_was_sealed_to_it()
    {
        Assert.True(DeliveryEnvelope.TryOpen(Curve, Client, Sealed, Data, out byte[] opened));
        Assert.Equal(Content, opened);
        Assert.Equal(Content.Length + DeliveryEnvelope.OverheadBytes, Sealed.Length);
    }

    [Fact]
    [Trait("Rule", "E-26")]
    public void Nobody_else_opens_it_nor_for_other_data()
    {
        Assert.False(DeliveryEnvelope.TryOpen(Curve, KeyOf("other"), Sealed, Data, out byte[] opened));
        Assert.Empty(opened);
        Assert.False(DeliveryEnvelope.TryOpen(Curve, Client, Sealed, Data.AsSpan(1), out _));
    }

    [Fact]
    [Trait("Rule", "E-26")]
    public void Every_changed_bit_and_every_cut_is_noticed()
    {
        byte[] envelope = Sealed;
        for (int i = 0; i < envelope.Length * 8; i++)
        {
            byte[] changed = [.. envelope];
            changed[i / 8] ^= (byte)(1 << (i % 8));
            Assert.False(DeliveryEnvelope.TryOpen(Curve, Client, changed, Data, out _), $"bit {i}");
        }

        for (int length = 0; length < envelope.Length; length++)
        {
            Assert.False(DeliveryEnvelope.TryOpen(Curve, Client, envelope.AsSpan(0, length), Data, out _));
        }

        Assert.False(DeliveryEnvelope.TryOpen(Curve, Client, [.. envelope, 0], Data, out _));
    }

    [Fact]
    [Trait("Rule", "E-26")]
    public void Another_one_time_key_gives_another_envelope() => Assert.NotEqual(
        Sealed, DeliveryEnvelope.Seal(Curve, KeyOf("second"), Curve.PublicKeyOf(Client), Content, Data));

    [Fact]
    [Trait("Rule", "E-26")]
    public void A_client_key_off_the_curve_is_refused()
    {
        byte[] bytes = new byte[33];
        bytes[0] = 2;
        bytes[32] = 5;
        Assert.False(Curve.IsPublicKey(bytes));
        Assert.True(PublicKey.TryFromBytes(bytes, out PublicKey key));
        Assert.Throws<ArgumentException>(() => DeliveryEnvelope.Seal(Curve, Client, key, Content, Data));
    }

    private static PrivateKey KeyOf(string name) =>
        PrivateKey.FromBytes(SampleJobs.HashOf(name).ToBytes(), Curve) ?? throw new InvalidOperationException(name);
}
