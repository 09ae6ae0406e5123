using System.Text.Json;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Secp256k1;
using Camelid.TestKit;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Keys;

/// <summary>Rule C-02: addresses and keys, by the vectors of Bitcoin Core and BIP32.</summary>
[Trait("Rule", "C-02")]
public sealed class KeyVectorTests
{
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();

    [Fact]
    public void Base58_holds_the_vectors_of_bitcoin_core()
    {
        int count = 0;
        foreach (JsonElement row in SharedFiles.Json("vectors", "bitcoin-core", "base58_encode_decode.json")
            .EnumerateArray())
        {
            string hex = row[0].GetString()!;
            string text = row[1].GetString()!;
            Assert.Equal(text, Base58.Encode(Convert.FromHexString(hex)));
            Assert.True(Base58.TryDecode(text, out byte[] bytes));
            Assert.Equal(hex, Convert.ToHexStringLower(bytes));
            count++;
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"base58_encode_decode.json: {count} passed, none left out");
        Assert.Equal(14, count);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("O")]
    [InlineData("I")]
    [InlineData("l")]
    [InlineData("a b")]
    [InlineData("ä")]
    public void A_character_outside_the_alphabet_is_refused(string text) => Assert.False(Base58.TryDecode(text, out _));

    [Fact]
    public void Base58_with_a_checksum_reads_back_and_a_changed_character_is_refused() =>
        Prop.ForAll<byte[]>(payload =>
        {
            string text = Base58Check.Encode(payload);
            char other = text[^1] == 'z' ? 'y' : 'z';
            return Base58Check.TryDecode(text, out byte[] read) && read.AsSpan().SequenceEqual(payload)
                && !Base58Check.TryDecode(text[..^1] + other, out _);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Addresses_and_keys_hold_the_legacy_vectors_of_bitcoin_core()
    {
        int addresses = 0;
        int keys = 0;
        int refused = 0;
        int leftOut = 0;
        foreach (JsonElement row in SharedFiles.Json("vectors", "bitcoin-core", "key_io_valid.json").EnumerateArray())
        {
            string text = row[0].GetString()!;
            string hex = row[1].GetString()!;
            JsonElement meta = row[2];
            Network? network = meta.GetProperty("chain").GetString() switch
            {
                "main" => Network.Main,
                "test" => Network.Test,
                "regtest" => Network.Regtest,
                _ => null,
            };
            if (network is null)
            {
                // Rule: signet is no network of ours.
                leftOut++;
                continue;
            }

            if (meta.GetProperty("isPrivkey").GetBoolean())
            {
                bool compressed = meta.GetProperty("isCompressed").GetBoolean();
                Assert.Equal(compressed, Wif.TryDecode(text, network, Curve, out PrivateKey? key));
                Assert.Equal(compressed ? hex : null, key is null ? null : Convert.ToHexStringLower(key.Span));
                Assert.Equal(compressed ? text : null, key is null ? null : Wif.Encode(key, network));
                keys += compressed ? 1 : 0;
                refused += compressed ? 0 : 1;
            }
            else
            {
                bool legacy = Script.TryParse(hex, out Script script) && P2pkhScript.TryParse(script, out _);
                Assert.Equal(legacy, Address.TryParse(text, network, out Address address));
                Assert.True(!legacy || (address.ToScript() == script && address.ToString() == text));
                addresses += legacy ? 1 : 0;
                refused += legacy ? 0 : 1;
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"key_io_valid.json: {addresses} addresses and {keys} keys read, {refused} refused that are no compressed "
            + $"keys or P2PKH addresses, {leftOut} of signet left out");
        Assert.Equal((8, 6, 38, 18), (addresses, keys, refused, leftOut));
    }

    [Fact]
    public void An_address_of_another_network_is_refused()
    {
        PrivateKey key = RoleKeys.Derive(new byte[32], Network.Regtest, KeyRole.Client, Curve);
        string text = Address.Of(Curve.PublicKeyOf(key), Network.Regtest).ToString();
        Assert.True(Address.TryParse(text, Network.Regtest, out _));
        Assert.False(Address.TryParse(text, Network.Main, out _));
        Assert.False(Wif.TryDecode(Wif.Encode(key, Network.Regtest), Network.Main, Curve, out _));
    }

    [Fact]
    public void Derivation_holds_the_vectors_of_bip32()
    {
        int count = 0;
        foreach (JsonProperty vector in SharedFiles.Json("vectors", "bip32", "bcoin_hd.json").EnumerateObject())
        {
            if (!vector.Name.StartsWith("vector", StringComparison.Ordinal))
            {
                continue;
            }

            byte[] seed = Convert.FromHexString(vector.Value.GetProperty("seed").GetString()!);
            ExtendedKey master = ExtendedKey.FromSeed(seed, Curve);
            foreach (JsonProperty path in vector.Value.EnumerateObject().Where(path => path.Name.StartsWith('m')))
            {
                ExtendedKey key = master.DerivePath(path.Name, Curve);
                Assert.Equal(path.Value.GetProperty("prv").GetString(), key.ToXprv());
                Assert.Equal(path.Value.GetProperty("pub").GetString(), key.ToXpub(Curve));
                count++;
            }
        }

        Assert.True(count >= 10, $"only {count} paths");
    }

    [Theory]
    [InlineData("44'/0")]
    [InlineData("m/")]
    [InlineData("m/-1")]
    [InlineData("m/2147483648")]
    [InlineData("m/0h")]
    public void A_malformed_path_is_refused(string path) => Assert.Throws<FormatException>(
        () => ExtendedKey.FromSeed(new byte[32], Curve).DerivePath(path, Curve));

    [Fact]
    public void Each_role_and_each_coin_type_has_its_own_key()
    {
        Network[] networks = [Network.Main, Network.Regtest];
        string[] keys = [.. from network in networks from role in Enum.GetValues<KeyRole>()
            select Convert.ToHexStringLower(RoleKeys.Derive(new byte[32], network, role, Curve).Span)];
        Assert.Equal(10, keys.Distinct().Count());
    }

    [Fact]
    public void A_key_never_prints_itself()
    {
        ExtendedKey key = ExtendedKey.FromSeed(new byte[32], Curve);
        Assert.Equal("extended private key", key.ToString());
        Assert.Equal("private key", key.Key.ToString());
    }
}
