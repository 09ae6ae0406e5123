using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Blocks;

/// <summary>
/// Rule C-13: the script of a coinbase input is the height, the magic of the network (four bytes) and at most one more
/// push: two blocks, and two networks, can't have the same coinbase.
/// </summary>
/// <remarks>All coin descends from a coinbase; so no transaction of one network has inputs on another one.</remarks>
public static class Coinbase
{
    /// <summary>Shortest script, in bytes.</summary>
    public const int ScriptBytesMin = 2;

    /// <summary>Longest script, in bytes.</summary>
    public const int ScriptBytesMax = 100;

    /// <summary>The script of a coinbase input.</summary>
    /// <param name="height">The height of the block.</param>
    /// <param name="network">Its network.</param>
    /// <param name="extra">What else the miner says, at most 80 bytes.</param>
    public static Script Script(int height, Network network, ReadOnlySpan<byte> extra)
    {
        ScriptBuilder builder = Prefix(height, network);
        Script script = (extra.IsEmpty ? builder : builder.Push(extra)).ToScript();
        return script.Length <= ScriptBytesMax
            ? script
            : throw new ArgumentException("at most 80 bytes more", nameof(extra));
    }

    /// <summary>Rule C-13: the coinbase of this height on this network.</summary>
    public static RuleCode Check(Transaction coinbase, int height, Network network)
    {
        ReadOnlySpan<byte> prefix = Prefix(height, network).ToScript().Span;
        return coinbase.IsCoinbase && coinbase.Inputs[0].Script.Span.StartsWith(prefix)
            ? RuleCode.Accepted
            : RuleCode.CoinbaseHeightOrNetwork;
    }

    private static ScriptBuilder Prefix(int height, Network network)
    {
        byte[] magic = new CanonicalWriter().UInt32(network.Magic).ToArray();
        return new ScriptBuilder().Number(height).Push(magic);
    }
}
