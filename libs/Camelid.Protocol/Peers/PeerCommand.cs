namespace Camelid.Protocol.Peers;

/// <summary>
/// What a message between peers is about. Numbers are internal; names travel (<see cref="PeerCommands"/>).
/// </summary>
public enum PeerCommand
{
    /// <summary>A well-formed name that this version does not know.</summary>
    Unknown = 0,

    /// <summary>Who I am, first on a connection.</summary>
    Version,

    /// <summary>I accept you, and this is my signature for this connection.</summary>
    Verack,

    /// <summary>Are you there?</summary>
    Ping,

    /// <summary>I am.</summary>
    Pong,

    /// <summary>Which nodes do you know?</summary>
    GetAddr,

    /// <summary>Nodes that I know.</summary>
    Addr,

    /// <summary>I have these.</summary>
    Inv,

    /// <summary>Send me these.</summary>
    GetData,

    /// <summary>I don't have these.</summary>
    NotFound,

    /// <summary>Send me the headers behind the last one that we share.</summary>
    GetHeaders,

    /// <summary>Headers in chain order.</summary>
    Headers,

    /// <summary>A block.</summary>
    Block,

    /// <summary>A transaction.</summary>
    Tx,

    /// <summary>Announce what your mempool holds.</summary>
    MemPool,

    /// <summary>Announce no transaction below this fee rate.</summary>
    FeeFilter,

    /// <summary>Announce blocks by their headers.</summary>
    SendHeaders,

    /// <summary>I read compact blocks.</summary>
    SendCmpct,

    /// <summary>A block by short transaction ids.</summary>
    CmpctBlock,

    /// <summary>Send me these transactions of a compact block.</summary>
    GetBlockTxn,

    /// <summary>Transactions of a compact block.</summary>
    BlockTxn,

    /// <summary>A signed message for a node that need not be a neighbour.</summary>
    Relay,

    /// <summary>An announcement or offer that was asked for.</summary>
    Market,
}
