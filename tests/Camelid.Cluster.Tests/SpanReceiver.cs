using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Camelid.Cluster.Tests;

/// <summary>A span as the collector sees it.</summary>
public sealed record ReceivedSpan
{
    /// <summary>32 hexadecimal digits.</summary>
    public string TraceId { get; init; } = "";

    /// <summary>16 hexadecimal digits.</summary>
    public string SpanId { get; init; } = "";

    /// <summary>16 hexadecimal digits; empty for the root of a trace.</summary>
    public string ParentId { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>Attributes whose values are texts.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();

    public override string ToString() => $"{TraceId[..8]} {ParentId,16} > {SpanId} {Name}";
}

/// <summary>The trace half of an OpenTelemetry collector: OTLP, protobuf over HTTP, on a free port.</summary>
internal sealed class SpanReceiver : IAsyncDisposable
{
    private const int ScopeSpansField = 2;
    private const int SpansField = 2;
    private const int StringValueField = 1;

    private readonly WebApplication app;
    private readonly ConcurrentQueue<ReceivedSpan> spans = [];

    private SpanReceiver(WebApplication app) => this.app = app;

    public IReadOnlyList<ReceivedSpan> Spans => [.. spans];

    public Uri Address => new(
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<SpanReceiver> StartAsync(CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        SpanReceiver receiver = new(builder.Build());
        receiver.app.MapPost("/v1/traces", receiver.ReceiveAsync);
        receiver.app.MapPost("/v1/{rest}", () => Task.CompletedTask);
        await receiver.app.StartAsync(cancellationToken);
        return receiver;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        foreach (byte[] resource in MessagesOf(body.ToArray(), field: 1))
        {
            foreach (byte[] span in MessagesOf(resource, ScopeSpansField)
                .SelectMany(scope => MessagesOf(scope, SpansField)))
            {
                spans.Enqueue(Decode(span));
            }
        }
    }

    private static ReceivedSpan Decode(byte[] span)
    {
        ILookup<int, byte[]> fields = FieldsOf(span).ToLookup(pair => pair.Field, pair => pair.Value);
        Dictionary<string, string> attributes = [];
        foreach (byte[] attribute in fields[9])
        {
            byte[] value = MessagesOf(attribute, field: 2).FirstOrDefault() ?? [];
            if (MessagesOf(value, StringValueField).FirstOrDefault() is { } text)
            {
                attributes[TextOf(MessagesOf(attribute, field: 1).First())] = TextOf(text);
            }
        }

        return new ReceivedSpan
        {
            TraceId = Convert.ToHexStringLower(fields[1].Single()),
            SpanId = Convert.ToHexStringLower(fields[2].Single()),
            ParentId = Convert.ToHexStringLower(fields[4].SingleOrDefault() ?? []),
            Name = TextOf(fields[5].Single()),
            Attributes = attributes,
        };
    }

    private static string TextOf(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes);

    private static IEnumerable<byte[]> MessagesOf(byte[] message, int field) =>
        FieldsOf(message).Where(pair => pair.Field == field).Select(pair => pair.Value);

    /// <summary>The length-delimited fields of a message; numbers are passed over.</summary>
    private static List<(int Field, byte[] Value)> FieldsOf(byte[] message)
    {
        List<(int, byte[])> fields = [];
        CodedInputStream input = new(message);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                fields.Add((WireFormat.GetTagFieldNumber(tag), input.ReadBytes().ToByteArray()));
            }
            else
            {
                input.SkipLastField();
            }
        }

        return fields;
    }
}
