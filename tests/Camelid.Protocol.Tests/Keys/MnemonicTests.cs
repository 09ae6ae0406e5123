using System.Security.Cryptography;
using System.Text;
using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Tests.Keys;

/// <summary>Rule W-03: words and seeds, by the published vectors of BIP39 (passphrase TREZOR).</summary>
public sealed class MnemonicTests
{
    [Fact]
    public void The_word_list_is_the_published_one() => Assert.Equal(
        "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda",
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', WordList.All) + "\n"))));

    [Theory]
    [InlineData(
        "00000000000000000000000000000000",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
        "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e534955"
        + "31f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04")]
    [InlineData(
        "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
        "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f"
        + "a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607")]
    [InlineData(
        "ffffffffffffffffffffffffffffffff",
        "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
        "ac27495480225222079d7be181583751e86f571027b0497b5b5d11218e0a8a13"
        + "332572917f0f8e5a589620c6f15b11c61dee327651a14c34e18231052e48c069")]
    [InlineData(
        "6610b25967cdcca9d59875f5cb50b0ea75433311869e930b",
        "gravity machine north sort system female filter attitude volume fold club stay feature office ecology stable "
        + "narrow fog",
        "628c3827a8823298ee685db84f55caa34b5cc195a778e52d45f59bcf75aba68e"
        + "4d7590e101dc414bc1bbd5737666fbbef35d1f1903953b66624f910feef245ac")]
    [InlineData(
        "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
        "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis "
        + "maple dilemma loan word shrug inflict delay length",
        "64c87cde7e12ecf6704ab95bb1408bef047c22db4cc7491c4271d170a1b213d2"
        + "0b385bc1588d9c7b38f1b39d415665b8a9030c9ec653d75e65f847d8fc1fc440")]
    public void Entropy_words_and_seed_are_those_of_the_vectors(string entropy, string words, string seed)
    {
        Mnemonic mnemonic = Mnemonic.FromEntropy(Convert.FromHexString(entropy));
        Assert.Equal(words, string.Join(' ', mnemonic.Words()));
        Assert.Equal(seed, Convert.ToHexStringLower(mnemonic.ToSeed("TREZOR")));
        Assert.True(Mnemonic.TryParse("  " + words.ToUpperInvariant().Replace(" ", "\n "), out Mnemonic? read, out _));
        Assert.Equal(entropy, Convert.ToHexStringLower(read.Entropy));
    }

    /// <summary>A published vector of the Japanese list: words and passphrase in form KD.</summary>
    [Fact]
    public void A_passphrase_is_normalised_whatever_machine_it_is_typed_on()
    {
        string words = string.Join('\u3000', Enumerable.Repeat("あいこくしん", 11)) + "\u3000あおぞら";
        byte[] seed = Mnemonic.SeedOf(words, "㍍ガバヴァぱばぐゞちぢ十人十色");
        Assert.StartsWith("a262d6fb6122ecf45be09c50492b31f9", Convert.ToHexStringLower(seed), StringComparison.Ordinal);
        Mnemonic mnemonic = Mnemonic.FromEntropy(new byte[16]);
        Assert.Equal(mnemonic.ToSeed("caf\u00e9"), mnemonic.ToSeed("cafe\u0301"));
        Assert.NotEqual(mnemonic.ToSeed("cafe"), mnemonic.ToSeed("cafe\u0301"));
    }

    [Theory]
    [InlineData("\ufb01", "fi")]
    [InlineData("\uac01", "\u1100\u1161\u11a8")]
    [InlineData("a\u0301\u0323", "a\u0323\u0301")]
    [InlineData("\u1e69", "s\u0323\u0307")]
    [InlineData("plain", "plain")]
    public void Text_is_decomposed_and_its_marks_are_put_in_order(string text, string expected) =>
        Assert.Equal(expected, CompatibilityDecomposition.Decompose(text));

    [Theory]
    [InlineData("abandon about", MnemonicFault.WordCount, 0, "")]
    [InlineData("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon",
        MnemonicFault.Checksum, 0, "")]
    [InlineData("abandon abadnon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
        MnemonicFault.UnknownWord, 2, "abandon")]
    [InlineData("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon aboot",
        MnemonicFault.UnknownWord, 12, "about")]
    public void Wrong_words_are_refused_with_what_is_wrong(string words, MnemonicFault fault, int place, string nearest)
    {
        Assert.False(Mnemonic.TryParse(words, out _, out MnemonicRefusal? refusal));
        Assert.Equal((fault, place), (refusal.Fault, refusal.Place));
        Assert.Equal(nearest, refusal.Nearest.Count > 0 ? refusal.Nearest[0] : "");
    }

    /// <summary>Of 2,048 last words of 24, exactly eight fit to the others.</summary>
    [Fact]
    public void Only_the_right_checksums_are_taken()
    {
        string first = string.Join(' ', Enumerable.Repeat("zoo", 23));
        Assert.Equal(8, WordList.All.Count(word => Mnemonic.TryParse($"{first} {word}", out _, out _)));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(36)]
    public void Entropy_of_another_length_is_refused(int bytes) =>
        Assert.Throws<ArgumentException>(() => Mnemonic.FromEntropy(new byte[bytes]));
}
