using System.Collections.Frozen;
using System.Text;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Peers;

/// <summary>
/// Rule P-03: each command's name and the most payload that it may have. The bound is asked before a byte is read.
/// </summary>
public static class PeerCommands
{
    /// <summary>Bytes of a name in a frame, zero-padded.</summary>
    public const int NameBytes = 12;

    /// <summary>
    /// Most payload of a command that this version does not know: enough to grow, too little to hurt.
    /// </summary>
    public const int UnknownBytesMax = 4_096;

    private static readonly FrozenDictionary<PeerCommand, CommandRow> Rows = new Dictionary<PeerCommand, CommandRow>
    {
        [PeerCommand.Version] = new("version", VersionMessage.BytesMax),
        [PeerCommand.Verack] = new("verack", VerackMessage.BytesMax),
        [PeerCommand.Ping] = new("ping", PingMessage.Bytes),
        [PeerCommand.Pong] = new("pong", PongMessage.Bytes),
        [PeerCommand.GetAddr] = new("getaddr", 0),
        [PeerCommand.Addr] = new("addr", AddrMessage.BytesMax),
        [PeerCommand.Inv] = new("inv", InventoryList.BytesMax),
        [PeerCommand.GetData] = new("getdata", InventoryList.BytesMax),
        [PeerCommand.NotFound] = new("notfound", InventoryList.BytesMax),
        [PeerCommand.GetHeaders] = new("getheaders", GetHeadersMessage.BytesMax),
        [PeerCommand.Headers] = new("headers", HeadersMessage.BytesMax),
        [PeerCommand.Block] = new("block", Block.BytesMax),
        [PeerCommand.Tx] = new("tx", Transaction.BytesMax),
        [PeerCommand.MemPool] = new("mempool", 0),
        [PeerCommand.FeeFilter] = new("feefilter", FeeFilterMessage.Bytes),
        [PeerCommand.SendHeaders] = new("sendheaders", 0),
        [PeerCommand.SendCmpct] = new("sendcmpct", SendCmpctMessage.Bytes),
        [PeerCommand.CmpctBlock] = new("cmpctblock", CompactBlock.BytesMax),
        [PeerCommand.GetBlockTxn] = new("getblocktxn", GetBlockTxnMessage.BytesMax),
        [PeerCommand.BlockTxn] = new("blocktxn", BlockTxnMessage.BytesMax),
        [PeerCommand.Relay] = new("relay", RelayMessage.BytesMax),
        [PeerCommand.Market] = new("market", MarketMessage.BytesMax),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, PeerCommand> Names =
        Rows.ToFrozenDictionary(row => row.Value.Name, row => row.Key);

    /// <summary>Every known command.</summary>
    public static IReadOnlyList<PeerCommand> All { get; } = [.. Rows.Keys.Order()];

    /// <summary>
    /// The name on the wire; <c>unknown</c>, which is never sent, for <see cref="PeerCommand.Unknown"/>.
    /// </summary>
    public static string Name(this PeerCommand command) =>
        Rows.TryGetValue(command, out CommandRow? row) ? row.Name : "unknown";

    /// <summary>Rule P-03: the most bytes of payload, the envelope's head not counted.</summary>
    public static int PayloadBytesMax(this PeerCommand command) =>
        Rows.TryGetValue(command, out CommandRow? row) ? row.PayloadBytesMax : UnknownBytesMax;

    /// <summary>
    /// Rule P-02: reads 12 bytes: one or more of a–z and 0–9, then zeros only. A well-formed stranger is
    /// <see cref="PeerCommand.Unknown"/>; false for any other form.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out PeerCommand command)
    {
        command = PeerCommand.Unknown;
        int length = bytes.IndexOf((byte)0);
        length = length < 0 ? bytes.Length : length;
        if (bytes.Length != NameBytes || length == 0 || bytes[length..].ContainsAnyExcept((byte)0)
            || bytes[..length].ContainsAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789"u8))
        {
            return false;
        }

        command = Names.GetValueOrDefault(Encoding.ASCII.GetString(bytes[..length]), PeerCommand.Unknown);
        return true;
    }

    internal static void Write(CanonicalWriter writer, PeerCommand command)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        name.Clear();
        Encoding.ASCII.GetBytes(Rows[command].Name, name);
        writer.Raw(name);
    }

    private sealed record CommandRow(string Name, int PayloadBytesMax);
}
