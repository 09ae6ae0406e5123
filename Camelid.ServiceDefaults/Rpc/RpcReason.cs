using System.Diagnostics.CodeAnalysis;
using Grpc.Core;

namespace Camelid.ServiceDefaults.Rpc;

/// <summary>A refusal's stable name, carried in a gRPC trailer beside the status.</summary>
public static class RpcReason
{
    /// <summary>The trailer.</summary>
    public const string Trailer = "camelid-reason";

    /// <summary>Refuses a call.</summary>
    /// <param name="status">The gRPC status.</param>
    /// <param name="reason">A stable name, such as <c>no-free-deposit</c>.</param>
    /// <param name="message">What is wrong, where, and what to do.</param>
    [DoesNotReturn]
    public static void Throw(StatusCode status, string reason, string message) =>
        throw Exception(status, reason, message);

    /// <summary>The exception that <see cref="Throw"/> throws.</summary>
    public static RpcException Exception(StatusCode status, string reason, string message) =>
        new(new Status(status, message), new Metadata { { Trailer, reason } });

    /// <summary>The stable name of a refusal; empty where the other side gave none.</summary>
    public static string Of(RpcException exception) => exception.Trailers.GetValue(Trailer) ?? "";
}
