using Camelid.Chain.Blocks;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Simulation.Nodes;

namespace Camelid.Simulation.Trade;

/// <summary>A payment in the chain that all agree on, and what took it.</summary>
/// <param name="Made">J1.</param>
/// <param name="Script">What it asks for.</param>
internal sealed record ChainPayment(Transaction Made, PaymentScript Script)
{
    /// <summary>What spends it; null where nothing does.</summary>
    public Transaction? Spend { get; set; }

    /// <summary>k, where the spend is a claim.</summary>
    public byte[]? Key => Spend is not null
        && PaymentScript.TryReadSecret(Spend.Inputs[0].Script, out byte[] key) ? key : null;
}

/// <summary>What must be true of all jobs in the end, counted from the blocks alone.</summary>
internal sealed class TradeInvariants
{
    private readonly TradeWorld world;
    private readonly Dictionary<JobId, ChainPayment> payments = [];

    private TradeInvariants(TradeWorld world) => this.world = world;

    /// <summary>Keys that were shown for payments that are not in the chain.</summary>
    public int Lost { get; private set; }

    /// <summary>Those of them whose payments lay six blocks deep.</summary>
    public int LostLarge { get; private set; }

    /// <summary>Those of them whose client was honest: the branch that won had mined its offer.</summary>
    public int LostToOffer { get; private set; }

    /// <summary>Those of them whose deposit was the change of a transaction that the branch that won has not.</summary>
    public int LostWithDeposit { get; private set; }

    /// <summary>Checks them all.</summary>
    public static TradeInvariants Check(TradeWorld world)
    {
        TradeInvariants counted = new(world);
        counted.Walk();
        counted.CheckAnswers();
        counted.CheckRows();
        counted.CheckShown();
        counted.CheckCoin();
        return counted;
    }

    /// <summary>True where every job, on both sides, is over.</summary>
    public static bool AllOver(TradeWorld world) => Rows(world).All(row => row.Row.IsOver && !row.Row.IsOpen);

    private static IEnumerable<(TradeOperator Operator, TradeRow Row)> Rows(TradeWorld world) =>
        world.Operators.SelectMany(each => each.Bought.Concat<TradeRow>(each.Sold).Select(row => (each, row)));

    /// <summary>What both sides have of a job, and where what they signed is.</summary>
    private string Story(JobId jobId)
    {
        IEnumerable<string> sides = Rows(world).Where(row => row.Row.Id == jobId).Select(row =>
        {
            IEnumerable<string> signed = Enum.GetValues<SignedKind>()
                .Select(kind => row.Operator.Signed.Find(jobId, kind)).OfType<SignedTransaction>()
                .Select(each => $"{each.Kind}{(each.IsSuperseded ? "-" : "")}@"
                    + $"{row.Operator.Book.Find(each.Transaction.Txid)?.Height.ToString() ?? "nowhere"}");
            return $"\n  node {row.Operator.Node.Index} {row.Row.GetType().Name}: {string.Join(' ', row.Row.Path)}"
                + $"{(row.Row.IsOpen ? " open" : "")} '{row.Row.Failure}' {string.Join(' ', signed)}";
        });
        return $"job {jobId}{string.Concat(sides)}";
    }

    /// <summary>No job has two payments, each is spent once, and by the job whose testament it names.</summary>
    private void Walk()
    {
        Dictionary<OutPoint, JobId> open = [];
        Dictionary<OutPoint, JobId> deposits = [];
        SimulatedNode node = world.Operators[0].Node;
        foreach (Transaction transaction in node.State.Read(reading => reading.Active.Skip(1).ToArray())
            .SelectMany(entry => node.State.ReadBlock(entry).Transactions))
        {
            foreach (TxInput input in transaction.IsCoinbase ? [] : transaction.Inputs)
            {
                if (open.Remove(input.Previous, out JobId paid))
                {
                    payments[paid].Spend = transaction;
                    Require(
                        transaction.JobId == paid, () => $"a payment of job {paid} is taken for {transaction.JobId}");
                }
            }

            for (int i = 0; i < transaction.Outputs.Count; i++)
            {
                if (PaymentScript.TryParse(transaction.Outputs[i].Script, out PaymentScript script))
                {
                    JobId jobId = transaction.JobId;
                    Require(
                        payments.TryAdd(jobId, new ChainPayment(transaction, script)),
                        () => $"paid twice: {Story(jobId)}");
                    Require(
                        deposits.TryAdd(transaction.Inputs[0].Previous, jobId),
                        () => $"a deposit pays job {jobId} and another");
                    open.Add(new OutPoint(transaction.Txid, (uint)i), jobId);
                }
            }
        }

        Require(open.Count == 0, () => $"a payment is neither claimed nor given back: {Story(open.Values.First())}");
    }

    /// <summary>Each row has come to the end that the chain names.</summary>
    private void CheckRows()
    {
        foreach ((_, TradeRow row) in Rows(world))
        {
            Require(row.IsOver && !row.IsOpen, () => $"no end of {Story(row.Id)}");
            ChainPayment? payment = payments.GetValueOrDefault(row.Id);
            PaymentState[] expected = payment switch
            {
                { Key: not null } => [PaymentState.Settled],

                // What a worker can't be paid with any more may come and go while it looks no longer.
                not null when row is SoldJob => [PaymentState.Refunded, PaymentState.Paid, PaymentState.Expired],
                not null => [PaymentState.Refunded],
                _ => [PaymentState.Expired, PaymentState.Dismissed],
            };
            Require(
                expected.Contains(row.State),
                () => $"{row.State} instead of {string.Join(" or ", expected)}: {Story(row.Id)}");
        }
    }

    /// <summary>Each payment is for the testament that the client has, and where it was claimed, k opens the answer.
    /// </summary>
    private void CheckAnswers()
    {
        foreach (BoughtJob row in world.Operators.SelectMany(each => each.Bought))
        {
            if (payments.TryGetValue(row.Id, out ChainPayment? payment))
            {
                CheckAnswer(row, payment);
            }
        }
    }

    private void CheckAnswer(BoughtJob row, ChainPayment payment)
    {
        Testament? testament = row.Testament;
        Require(
            testament is not null && payment.Script.TestamentHash == testament.Hash
                && payment.Script.KeyHash == testament.KeyHash && payment.Script.Worker == row.Worker.Key,
            () => $"paid for another testament: {Story(row.Id)}");
        Require(
            payment.Key is not { } key || (OutputCommitment.TryOpen(
                row.Delivery!.Ciphertext, key, testament!.OutputRoot, out JobOutput? output)
                && testament.Describes(output!)),
            () => $"paid, and the answer can't be opened: {Story(row.Id)}");
    }

    /// <summary>
    /// k is public without a payment only where a reorganisation went deeper than the worker had waited for.
    /// </summary>
    private void CheckShown()
    {
        foreach ((JobId jobId, ShownKey shown) in world.Witness.Shown)
        {
            bool isPaid = payments.TryGetValue(jobId, out ChainPayment? payment) && payment.Made.Txid == shown.Payment;
            if (!isPaid)
            {
                BoughtJob job = world.Operators.SelectMany(each => each.Bought).First(row => row.Id == jobId);
                ChainBook book = world.Operators[0].Book;
                bool isRotated = book.Find(job.Offer) is not null;
                bool hasDeposit = book.Find(job.Deposit!.OutPoint.Txid) is not null;
                Lost++;
                LostLarge += shown.Needed > 2 ? 1 : 0;
                LostToOffer += isRotated && !job.IsCheat ? 1 : 0;
                LostWithDeposit += !hasDeposit && !job.IsCheat ? 1 : 0;
                Require(isRotated || job.IsCheat || !hasDeposit, () => $"a payment is lost to nothing: {Story(jobId)}");
                Require(
                    shown.Operator.Node.DeepestReorg >= shown.Needed,
                    () => $"k of job {jobId} is public, its payment is gone, and no reorganisation was as deep as "
                        + $"{shown.Needed} blocks");
            }
        }
    }

    /// <summary>Coin at addresses, in deposits and in stakes is all that was made; none lies elsewhere.</summary>
    private void CheckCoin()
    {
        SimulatedNode node = world.Operators[0].Node;
        (long height, KeyValuePair<OutPoint, Utxo>[] all) = node.State.Read(
            reading => (reading.Tip.Height, reading.Outputs.All().ToArray()));
        Dictionary<OutputKind, long> sums = all.GroupBy(pair => OutputPurpose.Of(pair.Value.Output.Script).Kind)
            .ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value.Output.Value.Grains));
        long known = new[] { OutputKind.Address, OutputKind.Deposit, OutputKind.Stake }
            .Sum(kind => sums.GetValueOrDefault(kind));
        long made = height * Subsidy.FirstGrains;
        Require(known == made, () => $"{known} grains at addresses, in deposits and stakes, {made} were made");
    }

    private void Require(bool holds, Func<string> what) => Invariants.Require(world.Arena, holds, what);
}
