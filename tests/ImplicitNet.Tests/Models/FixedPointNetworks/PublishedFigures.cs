using System.Text.Json;
using System.Text.Json.Serialization;

namespace ImplicitNet.Tests.Models.FixedPointNetworks;

/// <summary>What the published code computes from its weight files for the first 16 test images, in float64.</summary>
internal sealed record PublishedFigures
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required string Weights { get; init; }

    public required double Gamma { get; init; }

    [JsonPropertyName("latent_norm_per_image")]
    public required double[] LatentNorms { get; init; }

    [JsonPropertyName("q_norm_per_image")]
    public required double[] EncodedNorms { get; init; }

    public required double[][] Logits { get; init; }

    /// <summary>Steps that the published iteration took, from u = 0, and the largest residual over the images in each of the first ten.</summary>
    public int? Iterations { get; init; }

    [JsonPropertyName("residuals_first10")]
    public double[]? Residuals { get; init; }

    public static PublishedFigures ReadOrSkip(string name) =>
        JsonSerializer.Deserialize<PublishedFigures>(File.ReadAllText(Path.Combine(SharedData.FolderOrSkip("reference"), name)), Options)!;
}
