using System.Threading.Channels;
using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;
using Camelid.ServiceDefaults.Bus;
using Camelid.Verifier.Storage;
using Camelid.Verifier.Verdicts;
using Google.Protobuf;
using Grpc.Core;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Camelid.Verifier.Tests;

public sealed class VerifyJobConsumerTests(ModelFixture fixture) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-verifier").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_command_handled_twice_gives_one_verdict_told_twice()
    {
        await using WebApplication app = await StartAsync();
        JudgedOutput honest = fixture.Honest;
        VerifyJob command = new()
        {
            JobId = honest.Parameters.Id.ToString(),
            Parameters = honest.Parameters.Encode(),
            Seed = honest.Seed.ToBytes(),
            Output = honest.Output.Encode(),
            TestamentHash = honest.TestamentHash.ToBytes(),
            NumericsClass = honest.NumericsClass.ToBytes(),
        };
        IBus bus = app.Services.GetRequiredService<IBus>();
        Told told = app.Services.GetRequiredService<Told>();

        await bus.Publish(command, Cancellation);
        JobVerified first = await told.NextAsync();
        await bus.Publish(command, Cancellation);
        JobVerified second = await told.NextAsync();

        Assert.Equal("passed", first.Verdict);
        Assert.Equal(first.Attestation, second.Attestation);
        Assert.Equal(first.Signature, second.Signature);
        Assert.True(VerificationAttestation.TryDecode(first.Attestation, out VerificationAttestation? attestation));
        Assert.Equal(honest.TestamentHash, attestation!.TestamentHash);
        Assert.Equal(new StakeId(Hashes.Sha256([5]), 1), attestation.Verifier);
        VerdictsDatabase database = app.Services.GetRequiredService<VerdictsDatabase>();
        Assert.Single(await database.ListAsync(10, Cancellation));
        Assert.Equal(1, app.Services.GetRequiredService<SignerPeer>().Signatures);
        await app.StopAsync(Cancellation);
    }

    private async Task<WebApplication> StartAsync()
    {
        ModelPackage package = fixture.Model.Package;
        await new ModelInstallation(Path.Combine(folder, "regtest", "models"))
            .InstallAsync(package.Root, new FolderModelSource(package.Folder), Cancellation);
        string socket = Path.Combine(folder, "node.sock");
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Camelid:DataDir"] = folder,
            ["Camelid:Socket"] = socket,
            ["Camelid:Model"] = package.Root.ToString(),
        });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
        builder.AddServiceDefaults();
        builder.AddVerifier();
        builder.Services.AddSingleton<SignerPeer>();
        builder.Services.AddSingleton<Told>();
        builder.Services.AddBusConsumer<ToldConsumer, JobVerified>("test");
        builder.AddServiceBus();
        WebApplication app = builder.Build();
        app.MapVerifier();
        app.MapGrpcService<SignerPeer>();
        await app.StartAsync(Cancellation);
        return app;
    }

    /// <summary>Chain's signer as a verifier meets it on the wire.</summary>
    internal sealed class SignerPeer : SignerRpc.SignerRpcBase
    {
        private int signatures;

        public int Signatures => Volatile.Read(ref signatures);

        public override Task<OperatorReply> GetOperator(GetOperatorRequest request, ServerCallContext context) =>
            Task.FromResult(new OperatorReply
            {
                GenesisHash = ByteString.CopyFrom(Hashes.Sha256([6]).ToBytes()),
                VerifierStakeId = ByteString.CopyFrom([.. Hashes.Sha256([5]).ToBytes(), 1, 0, 0, 0]),
            });

        public override Task<SignatureReply> SignAttestation(SignAttestationRequest request, ServerCallContext context)
        {
            Assert.True(VerificationAttestation.TryDecode(request.Attestation.Span, out VerificationAttestation? _));
            int number = Interlocked.Increment(ref signatures);
            return Task.FromResult(new SignatureReply
            {
                Signature = ByteString.CopyFrom((byte)number),
                PublicKey = ByteString.CopyFrom(2),
            });
        }
    }

    public sealed class Told
    {
        private readonly Channel<JobVerified> events = Channel.CreateBounded<JobVerified>(16);

        internal ValueTask AddAsync(JobVerified told) => events.Writer.WriteAsync(told, Cancellation);

        internal Task<JobVerified> NextAsync() =>
            events.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
    }

    public sealed class ToldConsumer(Told told) : IConsumer<JobVerified>
    {
        public Task Consume(ConsumeContext<JobVerified> context) => told.AddAsync(context.Message).AsTask();
    }
}
