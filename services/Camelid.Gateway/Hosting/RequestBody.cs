using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Hosting;

/// <summary>Reads request bodies up to their limit.</summary>
internal static class RequestBody
{
    private const int BlockBytes = 64 * 1024;

    /// <summary>The whole body; more than <see cref="GatewayOptions.BodyBytesMax"/> is refused with 413.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > GatewayOptions.BodyBytesMax)
        {
            throw TooLarge();
        }

        using MemoryStream body = new();
        byte[] block = new byte[BlockBytes];
        int read;
        while ((read = await request.Body.ReadAsync(block, cancellationToken)) > 0)
        {
            if (body.Length + read > GatewayOptions.BodyBytesMax)
            {
                throw TooLarge();
            }

            body.Write(block, 0, read);
        }

        return body.ToArray();
    }

    private static ApiException TooLarge() => new(new ApiError
    {
        Status = StatusCodes.Status413PayloadTooLarge,
        Message = $"The body is larger than {GatewayOptions.BodyBytesMax} bytes.",
        Code = "body_too_large",
    });
}
