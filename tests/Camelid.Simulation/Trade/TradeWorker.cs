using Camelid.Chain.Signing;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;

namespace Camelid.Simulation.Trade;

/// <summary>A worker, step by step as JobPool's OrderIntake and SalePlan and Chain's ClaimSigner do it.</summary>
internal sealed class TradeWorker(TradeOperator own)
{
    private const uint PatienceWindows = 36;
    private const uint UnburiedDepth = 1;

    /// <summary>The model that all workers run, and the class of their numerics.</summary>
    public static Hash256 Model { get; } = Hashes.Sha256("model"u8);

    private TradeWorld World => own.World;

    private ISecp256k1 Curve => own.World.Arena.Curve;

    /// <summary>Judges an order, keeps the job and answers; an order that comes again is answered again.</summary>
    public void TakeOrder(NodeId sender, ReadOnlySpan<byte> body)
    {
        if (!SealedMessage.TryDecode(body, out SealedMessage? message) || message!.Stake != own.Stake
            || !message.TryOpen(
                TradeMessageKind.Order, World.Genesis, new SealingKeys(Curve, own.WorkerKey.Private),
                out byte[] content)
            || !JobOrder.TryDecode(content, out JobOrder? order))
        {
            return;
        }

        JobId jobId = order!.Parameters.Id;
        SoldJob? row = own.Sold.Find(sold => sold.Id == jobId);
        if (row is null)
        {
            OrderCode code = Judge(order);
            if (code == OrderCode.Unset)
            {
                return;
            }

            if (code != OrderCode.Accepted)
            {
                SendAnswer(sender, AnswerOf(jobId, code), null);
                return;
            }

            row = new SoldJob(order.Parameters, World.Window)
            {
                Nonce = order.Nonce,
                Client = sender,
                Lies = World.Arena.World.Random.NextDouble() < own.LieChance,
            };
            own.Sold.Add(row);
        }

        if (row.Answer is null)
        {
            row.Answer = Curve.Sign(own.WorkerKey.Private, AnswerOf(jobId, OrderCode.Accepted).SigningHash);
            row.ComputedAt = World.Arena.World.Now + World.Arena.World.Exponential(TimeSpan.FromSeconds(10));
        }

        if (row.Client == sender)
        {
            SendAnswer(sender, AnswerOf(jobId, OrderCode.Accepted), row.Answer);
        }
    }

    /// <summary>The client has the commitment: it need not be sent again.</summary>
    public void TakeReceipt(NodeId sender, ReadOnlySpan<byte> body)
    {
        if (CommitmentReceipt.TryDecode(body, out CommitmentReceipt receipt)
            && own.Sold.Find(sold => sold.Id == receipt.JobId) is { Testament: { } testament } row
            && row.Client == sender && testament.Hash == receipt.TestamentHash)
        {
            row.IsReceived = true;
        }
    }

    /// <summary>Takes the next step.</summary>
    /// <returns>True where the row has changed: another step may follow.</returns>
    public bool Step(SoldJob row)
    {
        TimeSpan now = World.Arena.World.Now;
        switch (row.State)
        {
            case PaymentState.Created or PaymentState.Accepted when now >= row.ComputedAt:
                return Commit(row);
            case PaymentState.Created when own.Now >= row.Job.Deadline:
                return row.End(PaymentCause.DeadlinePassed, "the deadline passed");
            case PaymentState.Created or PaymentState.Accepted:
                return false;
            case PaymentState.Committed when row.Payment is null && !row.IsReceived && now - row.Sent >= Pause(row)
                && own.Now < row.Testament!.Expiry:
                return SendCommitment(row);
            case PaymentState.Committed or PaymentState.Paid:
            case PaymentState.Expired when row.Payment is not null:
                return Watch(row);
            case PaymentState.Delivered or PaymentState.Settled:
                return WatchClaim(row);
            default:
                row.IsOpen = false;
                return false;
        }
    }

    private TimeSpan Pause(SoldJob row) => TimeSpan.FromSeconds(
        (World.Arena.World.Now - row.Committed).TotalSeconds switch { < 30 => 3, < 300 => 15, _ => 60 });

    /// <summary>Unset where J0 may still be on its way: the order comes again.</summary>
    private OrderCode Judge(JobOrder order)
    {
        WorkerTerms terms = new()
        {
            Genesis = World.Genesis,
            Stake = own.Stake,
            StakeTime = StakeTime(),
            Now = own.Now,
            PriceGrainsPerToken = own.PriceGrains,
            SlashGrains = Slash,
            Models = new Dictionary<Hash256, Hash256> { [Model] = Model },
        };
        OrderCode code = OrderJudge.Judge(order, terms, Curve);
        return code == OrderCode.Accepted ? Backing(order) : code;
    }

    private ulong Slash => (ulong)(own.StakeGrains / EscrowSchedule.StakePerSlash);

    private uint StakeTime() => own.Node.State.Read(reading => reading.Outputs.TryGet(
        new OutPoint(new Txid(own.Stake.Txid), own.Stake.Index), out Utxo? stake) ? stake.BlockTime : uint.MaxValue);

    /// <summary>Rule J-16: the money behind the offer, as this node knows it; unset while J0 is on its way.</summary>
    private OrderCode Backing(JobOrder order)
    {
        if (own.Book.Find(order.Offer)?.Transaction is not { Inputs.Count: 1 } offer
            || own.Book.Find(offer.Inputs[0].Previous.Txid)?.Transaction is not { } funding
            || offer.Inputs[0].Previous.Index >= funding.Outputs.Count)
        {
            return OrderCode.Unset;
        }

        JobOffer told = JobOffer.Of(order.Parameters, World.Genesis, default, order.Offer.Value);
        TxOutput deposit = funding.Outputs[(int)offer.Inputs[0].Previous.Index];
        return OfferBacking.Check(told, offer, deposit, World.Window) == RuleCode.Accepted
            ? OrderCode.Accepted
            : OrderCode.OfferUnbacked;
    }

    private OrderAnswer AnswerOf(JobId jobId, OrderCode code) =>
        new() { Genesis = World.Genesis, JobId = jobId, Stake = own.Stake, Code = code };

    private void SendAnswer(NodeId client, OrderAnswer answer, byte[]? signature)
    {
        SignedBody signed = new()
        {
            Body = answer.Encode(),
            Signature = signature ?? Curve.Sign(own.WorkerKey.Private, answer.SigningHash),
        };
        own.Send(client, TradeMessageKind.OrderAnswer, signed.Encode());
    }

    /// <summary>Computes, hides the output under k and signs the testament (rules E-20 … E-25).</summary>
    private bool Commit(SoldJob row)
    {
        if (row.State == PaymentState.Created)
        {
            row.Move(PaymentCause.AssignmentSigned);
        }

        Random random = World.Arena.World.Random;
        int tokens = random.Next(2) == 0 ? (int)row.Job.MaxTokens : random.Next(1, (int)row.Job.MaxTokens + 1);
        row.Output = new JobOutput
        {
            Tokens = [.. Enumerable.Range(0, tokens).Select(_ => (uint)random.Next())],
            Fingerprints = [.. Enumerable.Range(0, tokens).Select(_ => (uint)random.Next())],
            FinishReason = tokens == row.Job.MaxTokens ? FinishReason.Length : FinishReason.Stop,
        };
        row.Key = World.Noise();
        OutputCommitment commitment = OutputCommitment.Create(row.Output, row.Key);
        row.Testament = new Testament
        {
            Genesis = World.Genesis,
            JobId = row.Id,
            OutputRoot = commitment.OutputRoot,
            CiphertextRoot = commitment.CiphertextRoot,
            ChunkCount = commitment.ChunkCount,
            TokenCount = (uint)tokens,
            FinishReason = row.Output.FinishReason,
            Nonce = row.Nonce,
            NumericsClass = Model,
            KeyHash = commitment.KeyHash,
            RewardAddress = own.WorkerKey.Address.KeyHash,
            Stake = own.Stake,
            SlashGrains = Slash,
            Expiry = row.Schedule.TestamentExpiry,
        };
        row.TestamentSignature = Curve.Sign(own.WorkerKey.Private, row.Testament.Hash);
        row.Commitment = Seal(row);
        row.Committed = World.Arena.World.Now;
        return row.Move(PaymentCause.TestamentSigned);
    }

    private bool SendCommitment(SoldJob row)
    {
        row.Sent = World.Arena.World.Now;
        own.Send(row.Client, TradeMessageKind.Commitment, row.Commitment!);
        return false;
    }

    /// <summary>Rules J-23 and E-26.</summary>
    private byte[] Seal(SoldJob row)
    {
        OutputDelivery delivery = OutputCommitment.Create(row.Output!, row.Key).Delivery;
        if (row.Lies)
        {
            byte[] rubbish = (byte[])delivery.Ciphertext.Clone();
            rubbish[^1] ^= 1;
            delivery = delivery with { Ciphertext = rubbish };
        }

        JobCommitment commitment = new()
        {
            Testament = row.Testament!,
            Signature = row.TestamentSignature,
            Envelope = DeliveryEnvelope.Seal(
                Curve, World.NewKey(), row.Job.ClientKey, delivery.Encode(), row.Testament!.Hash.ToBytes()),
        };
        return commitment.Encode();
    }

    private bool Watch(SoldJob row)
    {
        if (row.Payment is null)
        {
            return FindPayment(row);
        }

        FoundTransaction? payment = own.Book.Find(row.Payment);
        if (row.State is PaymentState.Committed or PaymentState.Expired)
        {
            bool isLooking = row.State == PaymentState.Committed && own.Now < row.Testament!.Expiry;
            return payment is null && isLooking ? Forget(row) : row.TakeUnmined(payment, own.Now, World.Rules);
        }

        if (payment is not { IsMined: true })
        {
            return row.Move(PaymentCause.PaymentDisconnected);
        }

        if (own.Book.FindSpend(row.Paid) is { } spend && spend.Transaction.Txid != row.Claim)
        {
            return TakeSpend(row, spend);
        }

        uint needed = World.Rules.WaitsForBurial
            ? EscrowSchedule.ClaimDepth(payment.Transaction.Outputs[0].Value, Subsidy.At(payment.Height))
            : UnburiedDepth;
        return payment.Depth >= needed && ClaimOrClose(row, payment.Transaction, needed);
    }

    private static bool Forget(SoldJob row)
    {
        row.Payment = null;
        return true;
    }

    /// <summary>Rule E-39.</summary>
    private bool FindPayment(SoldJob row)
    {
        Transaction? payment = own.Book.OfJob(row.Id).FirstOrDefault(each => PaymentJudge.Judge(
            each, row.Job, row.Testament!, own.WorkerKey.Public, World.Window) == PaymentFinding.Good);
        if (payment is null || !PaymentScript.TryParse(payment.Outputs[0].Script, out PaymentScript script))
        {
            return own.Now >= row.Testament!.Expiry
                && row.End(PaymentCause.TestamentExpired, "the testament expired");
        }

        row.Payment = payment.Txid;
        row.RefundTime = script.RefundTime;
        return true;
    }

    private bool ClaimOrClose(SoldJob row, Transaction payment, uint needed)
    {
        if (own.Now < row.RefundTime + (PatienceWindows * World.Window))
        {
            return Claim(row, payment, needed) && row.Move(PaymentCause.KeyOpened);
        }

        row.Failure = TradeRow.Unclaimed;
        row.IsOpen = false;
        return false;
    }

    /// <summary>Rules E-28 and E-36: k is shown once J1 is buried and while the refund is far away.</summary>
    private bool Claim(SoldJob row, Transaction payment, uint needed)
    {
        if (own.Signed.Find(row.Id, SignedKind.Payment) is null)
        {
            own.Signed.Add(row.Id, new SignedTransaction(payment, SignedKind.Payment, row.RefundTime));
        }

        if (own.Signed.Find(row.Id, SignedKind.Claim) is null)
        {
            if (own.Book.Find(row.Payment) is not { } found || found.Depth < needed
                || !own.Clock.MayStartClaim(row.RefundTime))
            {
                return false;
            }

            long fee = Math.Min((long)row.Job.FeeGrains, payment.Outputs[0].Value.Grains / 2);
            Transaction made = new JobTransactions(own.Node.Identity).Claim(
                row.Id, new Coin(row.Paid, payment.Outputs[0]), row.Key, fee);
            own.Signed.Add(row.Id, new SignedTransaction(made, SignedKind.Claim, row.RefundTime));
        }

        Transaction claim = own.Signed.Find(row.Id, SignedKind.Claim)!.Transaction;
        row.Claim = claim.Txid;
        if (own.Clock.MayRepeatClaim(row.RefundTime))
        {
            own.Submit(claim);
        }

        return true;
    }

    private bool WatchClaim(SoldJob row)
    {
        FoundTransaction? claim = own.Book.Find(row.Claim);
        if (row.State == PaymentState.Settled)
        {
            if (claim is not { IsMined: true })
            {
                return row.Move(PaymentCause.ClaimDisconnected);
            }

            row.IsOpen = false;
            return false;
        }

        if (claim is { IsMined: true })
        {
            return row.Move(PaymentCause.ClaimMined);
        }

        if (own.Book.Find(row.Payment) is not { IsMined: true } payment)
        {
            return row.Move(PaymentCause.PaymentDisconnected);
        }

        if (own.Book.FindSpend(row.Paid) is { } spend && spend.Transaction.Txid != row.Claim)
        {
            return TakeSpend(row, spend);
        }

        if (claim is null)
        {
            Claim(row, payment.Transaction, 0);
        }

        return false;
    }

    private static bool TakeSpend(SoldJob row, FoundTransaction spend)
    {
        if (PaymentJudge.TryReadKey(spend.Transaction, row.Paid, row.Testament!.KeyHash, out byte[] _))
        {
            row.Claim = spend.Transaction.Txid;
            return row.State == PaymentState.Delivered || row.Move(PaymentCause.KeyOpened);
        }

        row.Refund = spend.Transaction.Txid;
        return spend.IsMined && row.End(PaymentCause.RefundMined, "the client took its payment back");
    }
}
