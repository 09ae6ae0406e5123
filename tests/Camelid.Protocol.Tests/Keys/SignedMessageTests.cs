using Camelid.Protocol.Keys;
using Camelid.Secp256k1;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Keys;

/// <summary>Rule W-14: signed messages, by the vectors in Bitcoin Core's tests.</summary>
[Trait("Rule", "W-14")]
public sealed class SignedMessageTests
{
    private const string Key = "d97f5108f11cda6eeebaaa420fef0726b1f898060b98489fa3098463c0032866";
    private const string Signature =
        "IPojfrX2dfPnH26UegfbGQQLrdK844DlHq5157/P6h57WyuS/Qsl+h/WSVGDF4MUi4rWSswW38oimDYfNNUBUOk=";

    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();

    [Fact]
    public void A_message_is_signed_as_bitcoin_core_signs_it()
    {
        PrivateKey key = PrivateKey.FromBytes(Convert.FromHexString(Key), Curve)!;
        Assert.Equal(Signature, SignedMessage.Sign(key, "Trust no one", Curve));
        Assert.True(Wif.TryDecode(
            "cUeKHd5orzT3mz8P9pxyREHfsWtVfgsfDjiZZBcjUBAaGk1BTj7N", Network.Regtest, Curve, out PrivateKey? other));
        Assert.Equal("mpLQjfK79b7CCV4VMJWEWAj5Mpx8Up5zxB",
            Address.Of(Curve.PublicKeyOf(other), Network.Regtest).ToString());
        Assert.Equal(
            "INbVnW4e6PeRmsv2Qgu8NuopvrVjkcxob+sX8OcZG0SALhWybUjzMLPdAsXI46YZGb0KQTRii+wWIQzRpG/U+S0=",
            SignedMessage.Sign(other, "This is just a test message", Curve));
    }

    [Theory]
    [InlineData("15CRxFdyRpGZLW9w8HnHvVduizdL5jKNbs", "Trust no one", Signature, true)]
    [InlineData("15CRxFdyRpGZLW9w8HnHvVduizdL5jKNbs", "I never signed this", Signature, false)]
    [InlineData("1KqbBpLy5FARmTPD4VZnDDpYjkUvkr82Pm", "Trust no one", Signature, false)]
    [InlineData("11canuhp9X2NocwCq7xNrQYTmUgZAnLK3", "Trust me",
        "IIcaIENoYW5jZWxsb3Igb24gYnJpbmsgb2Ygc2Vjb25kIGJhaWxvdXQgZm9yIGJhbmtzIAaHRtbCeDZINyavx14=", true)]
    [InlineData("1KqbBpLy5FARmTPD4VZnDDpYjkUvkr82Pm", "message should be irrelevant",
        "invalid signature, not in base64 encoding", false)]
    [InlineData("1KqbBpLy5FARmTPD4VZnDDpYjkUvkr82Pm", "message should be irrelevant",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)]
    public void A_signed_message_is_judged_as_bitcoin_core_judges_it(
        string address, string message, string signature, bool isGood)
    {
        Assert.True(Address.TryParse(address, Network.Main, out Address parsed));
        Assert.Equal(isGood, SignedMessage.Verify(parsed, message, signature, Curve));
    }

    [Fact]
    public void What_a_key_signs_holds_for_its_address_and_message_alone() => Prop.ForAll<byte[], NonNull<string>>(
        (seed, message) =>
        {
            PrivateKey key = PrivateKey.FromBytes(Hashes.Sha256(seed).ToBytes(), Curve)!;
            Address address = Address.Of(Curve.PublicKeyOf(key), Network.Main);
            Address other = address with { KeyHash = Hash160.Of(seed) };
            string signature = SignedMessage.Sign(key, message.Get, Curve);
            return SignedMessage.Verify(address, message.Get, signature, Curve)
                && !SignedMessage.Verify(address, message.Get + ".", signature, Curve)
                && !SignedMessage.Verify(other, message.Get, signature, Curve)
                && !SignedMessage.Verify(address, message.Get, signature + " ", Curve)
                && !SignedMessage.Verify(address, message.Get, signature[..^4] + "AAA=", Curve);
        }).QuickCheckThrowOnFailure();

    /// <summary>The header at its limits, r and s at zero and at the order.</summary>
    [Theory]
    [InlineData(30, "01", "01")]
    [InlineData(35, "01", "01")]
    [InlineData(31, "00", "01")]
    [InlineData(31, "01", "00")]
    [InlineData(31, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "01")]
    [InlineData(31, "01", "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    [InlineData(33, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", "01")]
    public void Numbers_out_of_range_are_signatures_of_nobody(byte header, string r, string s)
    {
        byte[] bytes =
            [header, .. Convert.FromHexString(r.PadLeft(64, '0')), .. Convert.FromHexString(s.PadLeft(64, '0'))];
        Address any = new(0, Hash160.Of("any"u8));
        Assert.False(SignedMessage.Verify(any, "text", Convert.ToBase64String(bytes), Curve));
    }
}
