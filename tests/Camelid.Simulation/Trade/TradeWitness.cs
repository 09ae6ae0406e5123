using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Simulation.Nodes;

namespace Camelid.Simulation.Trade;

/// <summary>A k that is known to the world.</summary>
/// <param name="Operator">Whose worker showed it.</param>
/// <param name="Payment">The payment that it was shown for.</param>
/// <param name="Depth">How deep that lay.</param>
/// <param name="Needed">How deep it had to lie.</param>
internal sealed record ShownKey(TradeOperator Operator, Txid Payment, int Depth, int Needed);

/// <summary>Sees every transaction that an operator lets out, and counts in its own way.</summary>
internal sealed class TradeWitness(Arena arena)
{
    private readonly Dictionary<JobId, ShownKey> shown = [];

    /// <summary>Keys that are known, by job.</summary>
    public IReadOnlyDictionary<JobId, ShownKey> Shown => shown;

    /// <summary>Offers that a mempool refused since their deposit had another job.</summary>
    public int SecondJobs { get; private set; }

    /// <summary>An operator hands in a transaction.</summary>
    public void Saw(TradeOperator by, Transaction transaction, PoolVerdict verdict)
    {
        SecondJobs += verdict.Code == RuleCode.DepositInUse ? 1 : 0;
        if (!verdict.IsAccepted || transaction.Inputs.Count != 1
            || !PaymentScript.TryReadSecret(transaction.Inputs[0].Script, out byte[] _))
        {
            return;
        }

        Txid payment = transaction.Inputs[0].Previous.Txid;
        (int depth, long grains) = Look(by.Node, transaction.Inputs[0].Previous);
        ShownKey key = new(by, payment, depth, grains * 10 > Subsidy.FirstGrains ? 6 : 2);
        bool isFirst = shown.TryAdd(transaction.JobId, key);

        // Once k is known, sending it again shows nothing.
        Invariants.Require(
            arena, !isFirst || depth >= key.Needed,
            () => $"k of job {transaction.JobId} was shown under a payment {depth} deep, {key.Needed} are needed");
    }

    /// <summary>Depth and worth of an output, by walking down from the tip.</summary>
    private static (int Depth, long Grains) Look(SimulatedNode node, OutPoint paid)
    {
        BlockEntry[] active = node.State.Read(reading => reading.Active.ToArray());
        for (int height = active.Length - 1; height > 0; height--)
        {
            if (node.State.ReadBlock(active[height]).Transactions.FirstOrDefault(each => each.Txid == paid.Txid)
                is { } found)
            {
                return (active.Length - height, found.Outputs[(int)paid.Index].Value.Grains);
            }
        }

        return (0, 0);
    }
}
