using System.Text.Json;
using Camelid.Client;
using Camelid.Client.Receipts;
using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Receipts;
using Google.Protobuf;

namespace Camelid.Gateway.Tests.Receipts;

public sealed class ReceiptMappingTests
{
    [Fact]
    public void Transactions_and_blocks_are_reversed_and_everything_else_is_in_byte_order()
    {
        ReceiptDocument document = ReceiptMapping.ToDocument(Sample());
        Assert.StartsWith("0102", document.JobId, StringComparison.Ordinal);
        Assert.StartsWith("0102", document.Genesis, StringComparison.Ordinal);
        Assert.EndsWith("0201", document.Payment.Txid!, StringComparison.Ordinal);
        Assert.EndsWith("0201", document.Payment.BlockHash!, StringComparison.Ordinal);
        Assert.EndsWith("0201:258", document.StakeId, StringComparison.Ordinal);
    }

    [Fact]
    public void A_receipt_survives_its_JSON()
    {
        ReceiptDocument document = ReceiptMapping.ToDocument(Sample());
        string json = JsonSerializer.Serialize(document, CamelidJson.Default.ReceiptDocument);
        ReceiptDocument again = JsonSerializer.Deserialize(json, CamelidJson.Default.ReceiptDocument)!;
        Assert.Equal(json, JsonSerializer.Serialize(again, CamelidJson.Default.ReceiptDocument));
        Assert.Contains("\"promptTokens\":[1,2]", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Before_the_verdict_there_is_no_attestation()
    {
        Receipt receipt = Sample();
        receipt.Attestation = ByteString.Empty;
        Assert.Null(ReceiptMapping.ToDocument(receipt).Attestation);
    }

    private static Receipt Sample()
    {
        ByteString hash = ByteString.CopyFrom([.. Enumerable.Range(1, 32).Select(value => (byte)value)]);
        ByteString stake = ByteString.CopyFrom([.. hash, 2, 1, 0, 0]);
        return new Receipt
        {
            Network = "regtest",
            GenesisHash = hash,
            StakeId = stake,
            Attestation = hash,
            Job = new JobDetails
            {
                Summary = new JobSummary { JobId = hash, PaymentState = "paid", PaymentTxid = hash },
                PaymentBlockHash = hash,
                PaymentHeight = 12,
            },
            Fields = new ReceiptFields
            {
                Parameters = new ParameterFields { PromptTokens = { 1, 2 }, Sampling = new Sampling() },
                Output = new OutputFields { Tokens = { 3 }, Fingerprints = { 4 }, FinishReason = "stop" },
                Testament = new TestamentFields { StakeId = stake },
                Attestation = new AttestationFields { Verdict = "passed", Position = -1 },
            },
        };
    }
}
