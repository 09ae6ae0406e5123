using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Scripts;

/// <summary>What a script may ask about. All of it is fixed before it runs.</summary>
public sealed record ScriptContext
{
    /// <summary>The spending transaction.</summary>
    public required Transaction Transaction { get; init; }

    /// <summary>The input whose script runs.</summary>
    public required int InputIndex { get; init; }

    /// <summary>The output that it spends.</summary>
    public required Utxo Spent { get; init; }

    /// <summary>The block that the transaction is or would be in.</summary>
    public required SpendContext Block { get; init; }

    /// <summary>Tests only: runs the script as Bitcoin would.</summary>
    internal BitcoinCompat? Compat { get; init; }
}

/// <summary>The block that a transaction is or would be in.</summary>
/// <param name="Height">Its height.</param>
/// <param name="BlockTime">Its time, Unix seconds; only CHECKJOB asks for it.</param>
/// <param name="MedianTimePast">
/// The median time of the eleven blocks before it, which lock times ask for (BIP113).
/// </param>
/// <param name="Network">Its network.</param>
/// <param name="Curve">The curve.</param>
public sealed record SpendContext(
    int Height, uint BlockTime, uint MedianTimePast, Network Network, ISecp256k1 Curve)
{
    /// <summary>The verdicts in chain state before the block.</summary>
    public IVerdictView Verdicts { get; init; } = NoVerdicts.Instance;
}

/// <summary>The final verdicts against stakes that chain state holds.</summary>
public interface IVerdictView
{
    /// <summary>
    /// Rule E-10: true where a final, not yet executed "fails" for the job of the transaction and this stake is in
    /// chain state, and the transaction's outputs are exactly those that the verdict determines.
    /// </summary>
    bool Permits(Transaction transaction, OutPoint stake, TxOutput spent);
}

/// <summary>Chain state without a verdict: every stake belongs to its owner.</summary>
public sealed class NoVerdicts : IVerdictView
{
    private NoVerdicts()
    {
    }

    /// <summary>The one of its kind.</summary>
    public static NoVerdicts Instance { get; } = new();

    /// <inheritdoc/>
    public bool Permits(Transaction transaction, OutPoint stake, TxOutput spent) => false;
}

/// <summary>What came of a script.</summary>
/// <param name="Code">Accepted, or the first refusal.</param>
/// <param name="RanCheckJob">True where CHECKJOB ran and held.</param>
public readonly record struct ScriptOutcome(RuleCode Code, bool RanCheckJob);
