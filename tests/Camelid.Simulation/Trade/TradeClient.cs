using Camelid.Chain.Blocks;
using Camelid.Chain.Signing;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;

namespace Camelid.Simulation.Trade;

/// <summary>
/// A client up to its payment, step by step as JobPool's PurchasePlan and Chain's OfferSigner and PaymentSigner do it.
/// </summary>
internal sealed class TradeClient(TradeOperator own)
{
    private static readonly TimeSpan OrderAgain = TimeSpan.FromSeconds(8);

    private TradeWorld World => own.World;

    private ISecp256k1 Curve => own.World.Arena.Curve;

    /// <summary>Takes the next step.</summary>
    /// <returns>True where the row has changed: another step may follow.</returns>
    public bool Step(BoughtJob row) => row.State switch
    {
        PaymentState.Created or PaymentState.Accepted when own.Now >= row.Job.Deadline =>
            row.End(PaymentCause.DeadlinePassed, "the deadline passed"),
        PaymentState.Created when row.Offer is null => Open(row),
        PaymentState.Created when World.Arena.World.Now - row.Sent >= OrderAgain => Order(row),
        PaymentState.Committed => own.Now >= row.Testament!.Expiry
            ? row.End(PaymentCause.TestamentExpired, "the testament expired")
            : Pay(row),
        PaymentState.Expired or PaymentState.Dismissed => Close(row),
        _ => false,
    };

    /// <summary>The worker takes the order, or says why not.</summary>
    public void TakeAnswer(NodeId sender, ReadOnlySpan<byte> body)
    {
        if (!SignedBody.TryDecode(body, out SignedBody? signed) || !OrderAnswer.TryDecode(signed!.Body, out var answer)
            || answer!.Genesis != World.Genesis || Find(answer.JobId, sender) is not { } row
            || answer.Stake != row.Worker.Stake || row.State != PaymentState.Created
            || !Curve.Verify(row.Worker.Key, answer.SigningHash, signed.Signature))
        {
            return;
        }

        _ = answer.Code == OrderCode.Accepted
            ? row.Move(PaymentCause.AssignmentSigned)
            : row.End(PaymentCause.Withdrawn, $"worker-refused: {answer.Code}");
    }

    /// <summary>The worker has computed: its commitment is checked as a payment would, and kept.</summary>
    public void TakeCommitment(NodeId sender, ReadOnlySpan<byte> body)
    {
        if (!JobCommitment.TryDecode(body, out JobCommitment? commitment)
            || Find(commitment!.Testament.JobId, sender) is not { } row)
        {
            return;
        }

        if (row.Testament is null && row.State is PaymentState.Created or PaymentState.Accepted)
        {
            Keep(row, commitment);
        }

        if (row.Testament == commitment.Testament)
        {
            CommitmentReceipt receipt = new(row.Id, row.Testament.Hash);
            own.Send(sender, TradeMessageKind.CommitmentReceipt, receipt.Encode());
        }
    }

    private BoughtJob? Find(JobId jobId, NodeId sender) =>
        own.Bought.Find(row => row.Id == jobId && row.Worker.Node == sender && row.Offer is not null);

    /// <summary>Rules E-30 and E-33.</summary>
    private bool Open(BoughtJob row)
    {
        Coin? deposit = row.IsCheat ? row.Deposit : Choose(row);
        if (deposit is null || own.Clock.Now >= row.Job.Deadline)
        {
            return false;
        }

        row.Deposit = deposit;
        own.Signed.Reserve(deposit.OutPoint);
        Transaction offer = row.Signer.Build.Rotate(
            row.Id, deposit, (long)row.Job.FeeGrains, row.Schedule.OfferLockTime);
        own.Signed.Add(row.Id, new SignedTransaction(offer, SignedKind.Offer, 0));
        row.Offer = offer.Txid;
        own.Submit(offer);
        return true;
    }

    /// <summary>The smallest free deposit that is rich enough and lives long enough.</summary>
    public Coin? Choose(BoughtJob row)
    {
        long needed = (2 * Pricing.RewardGrains(row.Job).Grains) + (2 * (long)row.Job.FeeGrains) + 1;
        Coin[] worthy = own.Node.State.Read(reading => reading.Outputs.Own(OutputKind.Deposit, KeyRole.Client)
            .Where(pair => pair.Value.Output.Value.Grains >= needed
                && DepositScript.TryParse(pair.Value.Output.Script, out DepositScript script)
                && script.ExpiryTime >= row.Schedule.DepositExpiryMin)
            .Select(pair => new Coin(pair.Key, pair.Value.Output)).ToArray());
        return worthy.Where(coin => !own.Signed.IsReserved(coin.OutPoint) && !own.Node.Pool.Spends(coin.OutPoint))
            .OrderBy(coin => coin.Output.Value).ThenBy(coin => coin.OutPoint.Txid)
            .ThenBy(coin => coin.OutPoint.Index).FirstOrDefault();
    }

    /// <summary>Rules J-05, J-20 and J-21: the order, sealed to the stake, to its node alone.</summary>
    private bool Order(BoughtJob row)
    {
        Assignment assignment = new()
        {
            Genesis = World.Genesis, JobId = row.Id, Stake = row.Worker.Stake, Nonce = row.Nonce,
        };
        JobOrder order = new()
        {
            Parameters = row.Job,
            Nonce = row.Nonce,
            Signature = Curve.Sign(row.Signer.Key.Private, assignment.SigningHash),
            Offer = row.Offer!.Value,
        };
        SealedMessage message = SealedMessage.Seal(
            TradeMessageKind.Order, new SealedAddress(World.Genesis, row.Worker.Stake),
            new SealingKeys(Curve, World.NewKey()), row.Worker.Key, order.Encode());
        row.Sent = World.Arena.World.Now;
        own.Send(row.Worker.Node, TradeMessageKind.Order, message.Encode());
        return false;
    }

    private void Keep(BoughtJob row, JobCommitment commitment)
    {
        OutputDelivery? delivery = Open(row, commitment);
        string? reason = World.Rules.ChecksCommitments ? WhyNot(row, commitment, delivery) : null;
        if (reason is not null || delivery is null)
        {
            row.End(PaymentCause.Withdrawn, $"commitment-refused: {reason}");
            return;
        }

        row.Testament = commitment.Testament;
        row.TestamentSignature = commitment.Signature;
        row.Envelope = commitment.Envelope;
        row.Delivery = delivery;
        row.Committed = World.Arena.World.Now;
        if (row.State == PaymentState.Created)
        {
            row.Move(PaymentCause.AssignmentSigned);
        }

        row.Move(PaymentCause.TestamentSigned);
    }

    private OutputDelivery? Open(BoughtJob row, JobCommitment commitment) =>
        DeliveryEnvelope.TryOpen(
            Curve, row.Signer.Key.Private, commitment.Envelope, commitment.Testament.Hash.ToBytes(), out byte[] content)
        && OutputDelivery.TryDecode(content, out OutputDelivery? delivery) ? delivery : null;

    /// <summary>Rules E-24, E-34 and E-41: what no honest worker commits to, and what no client pays for.</summary>
    private string? WhyNot(BoughtJob row, JobCommitment commitment, OutputDelivery? delivery)
    {
        Testament testament = commitment.Testament;
        Utxo? stake = own.Node.State.Read(reading => reading.Outputs.TryGet(
            new OutPoint(new Txid(testament.Stake.Txid), testament.Stake.Index), out Utxo? found) ? found : null);
        StakeScript owner = default;
        return testament switch
        {
            _ when testament.JobId != row.Id || testament.Genesis != World.Genesis || testament.Nonce != row.Nonce
                => "of another job",
            _ when testament.Stake != row.Worker.Stake || stake is null
                || !StakeScript.TryParse(stake.Output.Script, out owner) => "of another stake",
            _ when !Curve.Verify(owner.Worker, testament.Hash, commitment.Signature)
                || Hash160.Of(owner.Worker.Span) != testament.RewardAddress => "not signed by the stake",
            _ when testament.Expiry < row.Schedule.TestamentExpiry => "it expires too early",
            _ when testament.TokenCount > row.Job.MaxTokens => "more tokens than the job allows",
            { FinishReason: FinishReason.Cancelled } => "nobody cancelled the job",
            _ when testament.SlashGrains < EscrowSchedule.SlashGrainsMin(Pricing.RewardGrains(row.Job), Amount.Zero)
                || (Int128)testament.SlashGrains * EscrowSchedule.StakePerSlash > stake!.Output.Value.Grains
                => "the stake is too small",
            _ when delivery is null || !delivery.IsBoundBy(testament) => "the envelope is not what it binds",
            _ => null,
        };
    }

    /// <summary>Rule E-34: J1, for what is held and checked, out of the deposit that the offer has locked up.</summary>
    private bool Pay(BoughtJob row)
    {
        if (own.Signed.Find(row.Id, SignedKind.Payment) is null)
        {
            if (own.Signed.Find(row.Id, SignedKind.Close) is not null
                || !own.Node.State.Read(reading => reading.Outputs.TryGet(row.Deposit!.OutPoint, out Utxo? _)))
            {
                return row.End(PaymentCause.OutputRejected, "offer-lapsed: its deposit is spent");
            }

            Transaction made = MakePayment(row, row.Deposit!);
            own.Signed.Add(
                row.Id, new SignedTransaction(made, SignedKind.Payment, row.Schedule.RefundTime), SignedKind.Offer);
        }

        Transaction payment = own.Signed.Find(row.Id, SignedKind.Payment)!.Transaction;
        row.Payment = payment.Txid;
        row.RefundTime = row.Schedule.RefundTime;
        own.Submit(payment);
        return true;
    }

    /// <summary>J1 out of a deposit.</summary>
    public static Transaction MakePayment(BoughtJob row, Coin deposit)
    {
        Testament testament = row.Testament!;
        PaymentScript script = new(
            testament.Hash, testament.KeyHash, row.Worker.Key, row.Schedule.RefundTime, row.Signer.Key.Public);
        Amount due = Pricing.PaymentGrains(row.Job, Pricing.TokensRun(row.Job, testament.TokenCount));
        return row.Signer.Build.Pay(row.Job, row.Schedule, deposit, new TxOutput(due, script.Build()));
    }

    /// <summary>Rule E-35: a second rotation, due at once, gives the deposit back.</summary>
    private bool Close(BoughtJob row)
    {
        if (row.Offer is null || row.IsOfferClosed || own.Signed.Find(row.Id, SignedKind.Payment) is not null)
        {
            row.IsOpen = false;
            return false;
        }

        row.IsOfferClosed = true;
        uint now = own.Clock.Now;
        bool isThere = own.Node.State.Read(reading => reading.Outputs.TryGet(row.Deposit!.OutPoint, out Utxo? _));
        if (isThere && now < row.Schedule.OfferLockTime && own.Signed.Find(row.Id, SignedKind.Close) is null)
        {
            Transaction closing = row.Signer.Build.Rotate(row.Id, row.Deposit!, (long)row.Job.FeeGrains, now);
            own.Signed.Add(row.Id, new SignedTransaction(closing, SignedKind.Close, 0), SignedKind.Offer);
            own.Submit(closing);
        }

        return true;
    }
}
