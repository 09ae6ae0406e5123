using System.Text;
using System.Text.RegularExpressions;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;
using Camelid.TestKit;

namespace Camelid.Protocol.Tests.Keys;

/// <summary>Rule W-04: extended keys, by the text of BIP32; rule W-05: scrypt, by RFC 7914.</summary>
public sealed class ExtendedKeyTests
{
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();

    [Fact]
    public void Keys_of_bip32_read_back_and_public_derivation_meets_the_private_one()
    {
        string text = File.ReadAllText(SharedFiles.SkipUnless("vectors", "bip32", "bip32_test_vectors.mediawiki"));
        MatchCollection rows = Regex.Matches(text, @"\* Chain (\S+)\s+\*\* ext pub: (\w+)\s+\*\* ext prv: (\w+)");
        TestContext.Current.TestOutputHelper!.WriteLine($"BIP32: {rows.Count} keys of test vectors 1 to 4");
        Assert.Equal(17, rows.Count);
        foreach (Match row in rows)
        {
            Assert.True(ExtendedKey.TryParse(row.Groups[3].Value, Network.Main, Curve, out ExtendedKey? secret));
            Assert.True(ExtendedPublicKey.TryParse(
                row.Groups[2].Value, Network.Main, Curve, out ExtendedPublicKey? key));
            Assert.Equal(row.Groups[3].Value, secret.ToXprv());
            Assert.Equal(row.Groups[2].Value, key.ToText(Network.Main));
            Assert.Equal(secret.ToXpub(Curve), key.ToText(Network.Main));
            Assert.Equal(secret.Derive(7, Curve).ToXpub(Curve), key.Derive(7, Curve).ToText(Network.Main));
        }
    }

    /// <summary>Test vectors 1 to 4; 3 and 4 keep leading zeros, which old wallets lost; 5 is the next test.</summary>
    [Fact]
    public void Each_path_of_bip32_leads_from_its_seed_to_its_keys()
    {
        string text = File.ReadAllText(SharedFiles.SkipUnless("vectors", "bip32", "bip32_test_vectors.mediawiki"));
        List<int> paths = [];
        foreach (string vector in text.Split("===Test vector ")[1..])
        {
            Match seed = Regex.Match(vector, @"Seed \(hex\): (\w+)");
            if (!seed.Success)
            {
                continue;
            }

            ExtendedKey master = ExtendedKey.FromSeed(Convert.FromHexString(seed.Groups[1].Value), Curve);
            MatchCollection rows = Regex.Matches(
                vector, @"\* Chain (\S+)\s+\*\* ext pub: (\w+)\s+\*\* ext prv: (\w+)");
            foreach (Match row in rows)
            {
                string path = row.Groups[1].Value.Replace("<sub>H</sub>", "'", StringComparison.Ordinal);
                ExtendedKey key = master.DerivePath(path, Curve);
                Assert.Equal(row.Groups[3].Value, key.ToXprv());
                Assert.Equal(row.Groups[2].Value, key.ToXpub(Curve));
            }

            paths.Add(rows.Count);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"BIP32: paths of vectors 1 to 4: {string.Join(", ", paths)}");
        Assert.Equal([6, 6, 2, 3], paths);
    }

    [Fact]
    public void Keys_that_bip32_calls_invalid_are_refused()
    {
        string text = File.ReadAllText(SharedFiles.SkipUnless("vectors", "bip32", "bip32_test_vectors.mediawiki"));
        MatchCollection rows = Regex.Matches(text, @"^\* (\w{100,}) \(", RegexOptions.Multiline);
        Assert.Equal(16, rows.Count);
        foreach (Match row in rows)
        {
            Assert.False(ExtendedKey.TryParse(row.Groups[1].Value, Network.Main, Curve, out _));
            Assert.False(ExtendedPublicKey.TryParse(row.Groups[1].Value, Network.Main, Curve, out _));
        }
    }

    [Fact]
    public void A_key_of_another_network_is_refused_and_a_hardened_child_needs_the_private_key()
    {
        ExtendedKey key = ExtendedKey.FromSeed(new byte[32], Curve);
        Assert.StartsWith("tprv", key.ToText(Network.Regtest), StringComparison.Ordinal);
        string text = key.ToPublic(Curve).ToText(Network.Regtest);
        Assert.StartsWith("tpub", text, StringComparison.Ordinal);
        Assert.True(ExtendedPublicKey.TryParse(text, Network.Test, Curve, out _));
        Assert.False(ExtendedPublicKey.TryParse(text, Network.Main, Curve, out _));
        Assert.Throws<ArgumentException>(() => key.ToPublic(Curve).Derive(ExtendedKey.Hardened, Curve));
    }

    [Theory]
    [InlineData("", "", 4, 1, 1,
        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
        + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")]
    [InlineData("pleaseletmein", "SodiumChloride", 14, 8, 1,
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")]
    public void Scrypt_gives_the_keys_of_rfc_7914(
        string passphrase, string salt, byte logN, byte r, byte p, string expected) => Assert.Equal(
        expected,
        Convert.ToHexStringLower(Scrypt.Derive(
            Encoding.ASCII.GetBytes(passphrase), Encoding.ASCII.GetBytes(salt), new ScryptCost(logN, r, p), 64)));

    [Fact]
    public void A_cost_that_would_take_all_memory_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(
        () => Scrypt.Derive([], [], new ScryptCost(21, 8, 1), 32));
}
