using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers.Links;
using TestSamples = Camelid.Protocol.Tests.Transactions.Samples;

namespace Camelid.Fuzz.Targets;

/// <summary>
/// Packets of an encrypted link, changed on the way: what is opened is what was sealed, in its order, or nothing.
/// </summary>
internal sealed class LinkTarget : IFuzzTarget
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, LinkKeys.KeyBytes).Select(i => (byte)i)];
    private static readonly byte[] Content = [.. Enumerable.Range(0, 400).Select(i => (byte)(i * 7))];

    /// <inheritdoc/>
    public string Name => "link-packets";

    /// <inheritdoc/>
    public FuzzAllowance Allowance => FuzzAllowance.Decoder;

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => [];

    /// <summary>The greeting of a link.</summary>
    internal static IFuzzTarget Hello => new CodecTarget<string>(
        "link-hello",
        input => LinkHello.TryDecode(input, Network.Regtest, TestSamples.Curve, out PublicKey key)
            ? key.ToString()
            : null,
        text => LinkHello.Encode(PublicKey.TryParse(text, out PublicKey key) ? key : default, Network.Regtest))
    {
        Covers = ["LinkHello.TryDecode"],
        Values = () => [TestSamples.Curve.PublicKeyOf(PrivateKey.FromBytes(Key, TestSamples.Curve)!).ToString()],
    };

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples()
    {
        using LinkSealer sealer = new(Key);
        byte[] packet = new byte[LinkPacket.BytesMax];
        List<byte> all = [];
        foreach (byte[] part in Content.Chunk(150))
        {
            all.AddRange(packet[..sealer.Seal(part, packet)]);
        }

        yield return [.. all];
        yield return [.. all[..200]];
    }

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        using LinkOpener opener = new(Key);
        int opened = 0;
        while (input.Length > 0)
        {
            int before = input.Length;
            if (!opener.TryTake(ref input, out ReadOnlySpan<byte> content))
            {
                return false;
            }

            FuzzFault.Require(input.Length < before, "no byte was taken");
            FuzzFault.Require(
                opened + content.Length <= Content.Length
                && content.SequenceEqual(Content.AsSpan(opened, content.Length)),
                "what was opened was not sealed");
            opened += content.Length;
        }

        return opened > 0;
    }
}
