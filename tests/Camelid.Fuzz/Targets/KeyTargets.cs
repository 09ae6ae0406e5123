using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Tests.Transactions;

namespace Camelid.Fuzz.Targets;

/// <summary>Keys and addresses as people type them.</summary>
internal static class KeyTargets
{
    private static readonly Network Regtest = Network.Regtest;

    internal static IEnumerable<IFuzzTarget> All =>
    [
        new TextTarget("base58", text => Base58.TryDecode(text, out byte[] bytes) ? Base58.Encode(bytes) : null)
        {
            Covers = ["Base58.TryDecode"],
            Texts = () => ["", "1", "111z", "2NEpo7TZRRrLZSi2U"],
        },
        new TextTarget(
            "base58check", text => Base58Check.TryDecode(text, out byte[] bytes) ? Base58Check.Encode(bytes) : null)
        {
            Covers = ["Base58Check.TryDecode"],
            Texts = () => [Base58Check.Encode([]), Base58Check.Encode([0, 0, 1])],
        },
        new TextTarget(
            "address", text => Address.TryParse(text, Regtest, out Address address) ? address.ToString() : null)
        {
            Covers = ["Address.TryParse"],
            Texts = () => [Address.Of(Samples.Public(Samples.Client), Regtest).ToString()],
        },
        new TextTarget(
            "wif",
            text => Wif.TryDecode(text, Regtest, Samples.Curve, out PrivateKey? key) ? Wif.Encode(key, Regtest) : null)
        {
            Covers = ["Wif.TryDecode"],
            Texts = () => [Wif.Encode(Samples.Client, Regtest)],
        },
        new TextTarget(
            "extended-private",
            text => ExtendedKey.TryParse(text, Regtest, Samples.Curve, out ExtendedKey? key)
                ? key.ToText(Regtest)
                : null)
        {
            Covers = ["ExtendedKey.TryParse", "ExtendedText.TryDecode"],
            Texts = () => [Seeded().ToText(Regtest)],
        },
        new TextTarget(
            "extended-public",
            text => ExtendedPublicKey.TryParse(text, Regtest, Samples.Curve, out ExtendedPublicKey? key)
                ? key.ToText(Regtest)
                : null)
        {
            Covers = ["ExtendedPublicKey.TryParse"],
            Texts = () => [Seeded().ToPublic(Samples.Curve).ToText(Regtest)],
        },
        new TextTarget("public-key", text => PublicKey.TryParse(text, out PublicKey key) ? key.ToString() : null)
        {
            Covers = ["PublicKey.TryParse"],
            Texts = () => [Samples.Public(Samples.Client).ToString()],
        },
        new SignedMessageTarget(),
        new PayloadTarget("wif-payload", payload =>
            Wif.TryDecode(payload, Regtest, Samples.Curve, out PrivateKey? key) ? Wif.Encode(key, Regtest) : null)
        {
            Texts = () => [Wif.Encode(Samples.Client, Regtest)],
        },
        new PayloadTarget("extended-private-payload", payload =>
            ExtendedKey.TryParse(payload, Regtest, Samples.Curve, out ExtendedKey? key) ? key.ToText(Regtest) : null)
        {
            Texts = () => [Seeded().ToText(Regtest)],
        },
        new PayloadTarget("extended-public-payload", payload =>
            ExtendedPublicKey.TryParse(payload, Regtest, Samples.Curve, out ExtendedPublicKey? key)
                ? key.ToText(Regtest)
                : null)
        {
            Texts = () => [Seeded().ToPublic(Samples.Curve).ToText(Regtest)],
        },
        new TextTarget("words", text => Mnemonic.TryParse(text, out Mnemonic? words, out _) ? Text(words) : null)
        {
            Covers = ["Mnemonic.TryParse"],

            // For a word that is unknown the nearest one of all is looked for.
            Share = 1,
            Texts = () => new[] { 16, 32 }.Select(bytes => Text(Mnemonic.FromEntropy(new byte[bytes]))),

            // Any white space and upper case are read.
            HasOneForm = false,
        },
    ];

    /// <summary>
    /// Rule W-14: a signature under a message, one byte and two numbers: a key is recovered from whatever they are, and
    /// only what the owner's two numbers lead to is the owner's.
    /// </summary>
    private sealed class SignedMessageTarget : IFuzzTarget
    {
        private const string Message = "a message";

        private static readonly byte[] Good =
            Convert.FromBase64String(SignedMessage.Sign(Samples.Client, Message, Samples.Curve));

        private static readonly Address Owner = Address.Of(Samples.Public(Samples.Client), Regtest);

        public string Name => "signed-message";

        public int Share => 2;

        public FuzzAllowance Allowance => new(512 << 10, 4_096);

        public IReadOnlyList<string> Covers => [];

        IEnumerable<byte[]> IFuzzTarget.Samples() => [Good];

        public bool Run(ReadOnlySpan<byte> input)
        {
            bool holds = SignedMessage.Verify(Owner, Message, Convert.ToBase64String(input), Samples.Curve);
            FuzzFault.Require(
                !holds || input[1..33].SequenceEqual(Good.AsSpan(1, 32)), "a signature of nobody is the owner's");
            return holds;
        }
    }

    private static string Text(Mnemonic words) => string.Join(' ', words.Words());

    private static ExtendedKey Seeded() => ExtendedKey.FromSeed(new byte[32], Samples.Curve);

    /// <summary>A Base58Check text whose checksum is put right, so that changes reach what lies behind it.</summary>
    private sealed class PayloadTarget(string name, FuzzReadText rewrite) : IFuzzTarget
    {
        public string Name { get; } = name;

        public FuzzAllowance Allowance => new(512 << 10, 4_096);

        public IReadOnlyList<string> Covers => [];

        public required Func<IEnumerable<string>> Texts { get; init; }

        public IEnumerable<byte[]> Samples() =>
            Texts().Select(text => Base58Check.TryDecode(text, out byte[] payload) ? payload : []);

        public bool Run(ReadOnlySpan<byte> input)
        {
            string text = Base58Check.Encode(input[..Math.Min(input.Length, 300)]);
            if (rewrite(text) is not { } written)
            {
                return false;
            }

            FuzzFault.Require(written == text, "what is read is not written again");
            return true;
        }
    }
}
