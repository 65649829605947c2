using System.Text.Json.Nodes;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Models;

public sealed class ModelConfigTests
{
    private static readonly ModelConfig Images = new() { Data = "digits", PixelMean = 0.2, PixelDeviation = 0.3 };

    [Fact]
    public void The_file_of_a_model_of_images_has_the_members_in_the_order_that_it_always_had()
    {
        JsonObject file = JsonNode.Parse(Images.ToJson())!.AsObject();
        Assert.Equal(
            [
                "format", "architecture", "network", "data", "pixelMean", "pixelDeviation", "relativeTolerance", "absoluteTolerance", "maxSteps",
                "solver", "damping", "memory", "gradient",
            ],
            file.Select(member => member.Key));
        Assert.Equal(
            ["latentChannels", "residualBlocks", "slope", "dropout", "height", "width", "imageChannels", "classes", "gamma", "explicit"],
            file["network"]!.AsObject().Select(member => member.Key));
    }

    [Fact]
    public void A_network_that_takes_no_images_has_no_pixels_and_refuses_those_that_it_is_given()
    {
        ModelConfig other = new() { Data = "bits", Network = new Bits() };
        Assert.Equal(new LatentStall(), other.CreateSettings().Stopping.Stall);
        Assert.DoesNotContain("pixel", other.ToJson(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("bits takes no images", Assert.Throws<InvalidOperationException>(() => other.Normalization).Message, StringComparison.Ordinal);
        Assert.Equal(
            "PixelMean is 0.5, and a network bits takes no images: leave it out.",
            Assert.Throws<ArgumentException>(() => (other with { PixelMean = 0.5 }).ToJson()).Message);
        Assert.StartsWith("PixelDeviation is ", Assert.Throws<ArgumentException>(() => (other with { PixelDeviation = 2 }).ToJson()).Message, StringComparison.Ordinal);
        Assert.StartsWith("PixelMean is missing", Assert.Throws<ArgumentException>(() => (Images with { PixelMean = null }).ToJson()).Message, StringComparison.Ordinal);
    }

    private sealed record Bits : ImplicitNetworkOptions
    {
        public override string Architecture => "bits";

        internal override long LeastNumbers => 1;

        internal override StoppingRule Rule => new() { Stall = new LatentStall() };

        public override ImplicitNetwork CreateNetwork() => throw new NotSupportedException();

        internal override Tensor TrialInput(Tensor like) => throw new NotSupportedException();
    }
}
