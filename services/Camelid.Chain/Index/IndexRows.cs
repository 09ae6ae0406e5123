using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Scripts;

namespace Camelid.Chain.Index;

/// <summary>Where a transaction of the active chain lies.</summary>
internal sealed record TransactionRow
{
    /// <summary>The id, as it is shown.</summary>
    public string Txid { get; init; } = "";

    /// <summary>Height of its block.</summary>
    public long Height { get; init; }

    /// <summary>Its place in the block, 0 for the coinbase.</summary>
    public long Position { get; init; }

    /// <summary>Its job, or null.</summary>
    public string? JobId { get; init; }

    /// <summary>Its fee.</summary>
    public long FeeGrains { get; init; }
}

/// <summary>An output of the active chain, spent or not.</summary>
internal sealed record OutputRow
{
    /// <summary>The transaction that made it, as it is shown.</summary>
    public string Txid { get; init; } = "";

    /// <summary>Height of the block that made it.</summary>
    public long Height { get; init; }

    /// <summary>Place of its transaction in that block; 0 is a coinbase.</summary>
    public long Position { get; init; }

    /// <summary>Its place among the outputs of its transaction.</summary>
    public long OutputIndex { get; init; }

    /// <summary>Whose it is: see <see cref="OutputOwner"/>. 40 hexadecimal digits.</summary>
    public string Owner { get; init; } = "";

    /// <summary>What it is for, an <see cref="OutputKind"/>.</summary>
    public long Kind { get; init; }

    /// <summary>Its coin.</summary>
    public long Grains { get; init; }

    /// <summary>Height of the block that spent it; null while it is unspent.</summary>
    public long? SpentHeight { get; init; }

    /// <summary>Place in that block of the transaction that spent it.</summary>
    public long? SpentPosition { get; init; }

    /// <summary>The input that spent it.</summary>
    public long? SpentInput { get; init; }

    /// <summary>The transaction that spent it, as it is shown; null while it is unspent.</summary>
    public string? SpentTxid { get; init; }
}

/// <summary>One side of a transaction that concerns an owner: coin that came, or coin that went.</summary>
internal sealed record OwnerEntry
{
    /// <summary>The transaction, as it is shown.</summary>
    public string Txid { get; init; } = "";

    /// <summary>Height of its block.</summary>
    public long Height { get; init; }

    /// <summary>Its place in the block.</summary>
    public long Position { get; init; }

    /// <summary>The owner, 40 hexadecimal digits.</summary>
    public string Owner { get; init; } = "";

    /// <summary>What the coin is for, an <see cref="OutputKind"/>.</summary>
    public long Kind { get; init; }

    /// <summary>1 where the transaction spends the coin, 0 where it makes it.</summary>
    public long IsSpend { get; init; }

    /// <summary>The input that spends it, or the output that makes it.</summary>
    public long Index { get; init; }

    /// <summary>The coin.</summary>
    public long Grains { get; init; }
}

/// <summary>A place on the active chain, to read on from: blocks first, then places within one.</summary>
/// <param name="Height">Height of the block.</param>
/// <param name="Position">Place in the block.</param>
internal readonly record struct ChainPlace(long Height, long Position)
{
    /// <summary>Above every block.</summary>
    public static ChainPlace Top => new(int.MaxValue, 0);
}

/// <summary>
/// Whose an output is in the index: the key hash of an address; HASH160 of the key that a deposit, stake or payment
/// belongs to (the client, the worker, the payee), so that a key's address and its escrow are found together; HASH160
/// of any other script.
/// </summary>
internal static class OutputOwner
{
    /// <summary>The owner and the purpose of a locking script.</summary>
    public static (Hash160 Owner, OutputKind Kind) Of(Script script)
    {
        OutputPurpose purpose = OutputPurpose.Of(script);
        Hash160 owner = purpose.Kind switch
        {
            OutputKind.Address => purpose.KeyHash,
            OutputKind.Other => Hash160.Of(script.Span),
            _ => Hash160.Of(purpose.Key.Span),
        };
        return (owner, purpose.Kind);
    }
}
