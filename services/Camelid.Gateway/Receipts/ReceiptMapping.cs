using Camelid.Client.Completions;
using Camelid.Client.Receipts;
using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Hosting;

namespace Camelid.Gateway.Receipts;

/// <summary>Receipts of the wire as documents of the HTTP interface (docs/receipt.md).</summary>
internal static class ReceiptMapping
{
    /// <summary>The short proof inside an answer.</summary>
    public static ProofDocument ToProof(Receipt receipt)
    {
        JobSummary summary = receipt.Job.Summary;
        string jobId = HexText.Of(summary.JobId);
        return new ProofDocument
        {
            JobId = jobId,
            ModelRoot = HexText.Of(summary.ModelRoot),
            NumericsClass = HexText.Of(receipt.Job.NumericsClass),
            Seed = HexText.Of(receipt.Seed),
            OutputRoot = HexText.Of(receipt.Job.OutputRoot),
            Worker = new ProofWorker(HexText.Of(receipt.WorkerKey), HexText.Of(receipt.TestamentSignature)),
            Verification = new ProofVerification(
                receipt.Job.VerificationLevel, summary.VerificationState, HexText.OrNull(receipt.VerifierKey)),
            Payment = new ProofPayment(
                summary.PaymentState, HexText.ReversedOrNull(summary.PaymentTxid), summary.PaymentGrains),
            Receipt = "/v1/receipts/" + jobId,
        };
    }

    /// <summary>The complete receipt.</summary>
    public static ReceiptDocument ToDocument(Receipt receipt) => new()
    {
        Version = ReceiptDocument.VersionCurrent,
        Network = receipt.Network,
        Genesis = HexText.Of(receipt.GenesisHash),
        JobId = HexText.Of(receipt.Job.Summary.JobId),
        Parameters = Parameters(receipt),
        Nonce = HexText.Of(receipt.Nonce),
        Seed = HexText.Of(receipt.Seed),
        StakeId = HexText.Stake(receipt.StakeId),
        AssignmentSignature = HexText.Of(receipt.AssignmentSignature),
        ClientKey = HexText.Of(receipt.ClientKey),
        Output = Output(receipt),
        OutputKey = HexText.Of(receipt.OutputKey),
        Testament = Testament(receipt),
        WorkerKey = HexText.Of(receipt.WorkerKey),
        Attestation = receipt.Attestation.IsEmpty ? null : Attestation(receipt),
        Payment = Payment(receipt),
        CancellationSignature = HexText.OrNull(receipt.CancellationSignature),
    };

    private static ReceiptParameters Parameters(Receipt receipt)
    {
        ParameterFields fields = receipt.Fields.Parameters;
        return new ReceiptParameters
        {
            ModelRoot = HexText.Of(fields.ModelRoot),
            PromptTokens = [.. fields.PromptTokens],
            Sampling = Sampling(fields),
            MaxTokens = fields.MaxTokens,
            StopTokens = [.. fields.StopTokens],
            StopStrings = [.. fields.StopStrings],
            PriceGrainsPerToken = fields.PriceGrainsPerToken,
            FeeGrains = fields.FeeGrains,
            CreatedUnix = fields.CreatedUnix,
            DeadlineUnix = fields.DeadlineUnix,
            ClientKey = HexText.Of(fields.ClientKey),
            ReturnAddress = fields.ReturnAddress,
            VerificationLevel = fields.VerificationLevel,
            SampledPositions = fields.SampledPositions,
            NumericsClasses = [.. fields.NumericsClasses.Select(HexText.Of)],
            NonceHash = HexText.Of(fields.NonceHash),
            Canonical = HexText.Of(receipt.JobParameters),
        };
    }

    private static ReceiptSampling Sampling(ParameterFields fields)
    {
        Sampling sampling = fields.Sampling;
        return new ReceiptSampling
        {
            TemperatureMillionths = sampling.TemperatureMillionths,
            TopPMillionths = sampling.TopPMillionths,
            TopK = sampling.TopK,
            MinPMillionths = sampling.MinPMillionths,
            RepetitionPenaltyMillionths = sampling.RepetitionPenaltyMillionths,
            PresencePenaltyMillionths = sampling.PresencePenaltyMillionths,
            FrequencyPenaltyMillionths = sampling.FrequencyPenaltyMillionths,
            LogitBiases =
            [
                .. sampling.LogitBias.Select(bias => new ReceiptLogitBias(bias.TokenId, bias.BiasMillionths)),
            ],
            ClientSeed = HexText.OrNull(fields.ClientSeed),
        };
    }

    private static ReceiptOutput Output(Receipt receipt) => new()
    {
        Tokens = [.. receipt.Fields.Output.Tokens],
        Fingerprints = [.. receipt.Fields.Output.Fingerprints],
        FinishReason = receipt.Fields.Output.FinishReason,
        Text = receipt.Text,
        Canonical = HexText.Of(receipt.Output),
    };

    private static ReceiptTestament Testament(Receipt receipt)
    {
        TestamentFields fields = receipt.Fields.Testament;
        return new ReceiptTestament
        {
            Genesis = HexText.Of(fields.GenesisHash),
            JobId = HexText.Of(fields.JobId),
            OutputRoot = HexText.Of(fields.OutputRoot),
            CiphertextRoot = HexText.Of(fields.CiphertextRoot),
            ChunkCount = fields.ChunkCount,
            TokenCount = fields.TokenCount,
            FinishReason = fields.FinishReason,
            Nonce = HexText.Of(fields.Nonce),
            NumericsClass = HexText.Of(fields.NumericsClass),
            KeyHash = HexText.Of(fields.KeyHash),
            RewardAddress = fields.RewardAddress,
            StakeId = HexText.Stake(fields.StakeId),
            SlashGrains = fields.SlashGrains,
            ExpiryUnix = fields.ExpiryUnix,
            Hash = HexText.Of(fields.Hash),
            Canonical = HexText.Of(receipt.Testament),
            Signature = HexText.Of(receipt.TestamentSignature),
        };
    }

    private static ReceiptAttestation Attestation(Receipt receipt)
    {
        AttestationFields fields = receipt.Fields.Attestation;
        return new ReceiptAttestation
        {
            Genesis = HexText.Of(fields.GenesisHash),
            JobId = HexText.Of(fields.JobId),
            TestamentHash = HexText.Of(fields.TestamentHash),
            Level = fields.Level,
            Verdict = fields.Verdict,
            Position = fields.Position,
            NumericsClass = HexText.Of(fields.NumericsClass),
            VerifierStakeId = HexText.Stake(fields.VerifierStakeId),
            VerifierKey = HexText.Of(receipt.VerifierKey),
            Canonical = HexText.Of(receipt.Attestation),
            Signature = HexText.Of(receipt.AttestationSignature),
        };
    }

    private static ReceiptPayment Payment(Receipt receipt)
    {
        JobDetails job = receipt.Job;
        return new ReceiptPayment
        {
            State = job.Summary.PaymentState,
            Txid = HexText.ReversedOrNull(job.Summary.PaymentTxid),
            Raw = HexText.OrNull(receipt.PaymentRaw),
            AmountGrains = job.Summary.PaymentGrains,
            Height = job.PaymentHeight,
            BlockHash = HexText.ReversedOrNull(job.PaymentBlockHash),
            ClaimTxid = HexText.ReversedOrNull(job.ClaimTxid),
            ClaimHeight = job.ClaimHeight,
            ClaimBlockHash = HexText.ReversedOrNull(job.ClaimBlockHash),
            OfferTxid = HexText.ReversedOrNull(job.OfferTxid),
        };
    }
}
