using System.Net.Sockets;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Camelid.JobPool.Tests.Path;

/// <summary>gRPC over Unix sockets in a temporary folder, as Camelid.Node does it.</summary>
internal static class UnixSocketHost
{
    public static void ListenOn(WebApplicationBuilder builder, string socket) => builder.WebHost.ConfigureKestrel(kestrel =>
        kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));

    public static GrpcChannel ChannelTo(string socket) => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                return new NetworkStream(connection, ownsSocket: true);
            },
        },
    });
}
