using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>The library's networks while statistics are shared.</summary>
public sealed class SharedStatisticsTests : TensorTest
{
    public static TheoryData<ClassifierOptions> Networks => new()
    {
        new DigitClassifierOptions { ResidualBlocks = 1 },
        new ContractiveSvhnFpnOptions { Height = 12, Width = 12 },
        new MonotoneClassifierOptions(),
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void Encoders_of_the_library_have_the_same_gradients_with_shared_statistics(ClassifierOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(9);
        using ImplicitNetwork network = options.CreateNetwork();
        Tensor images = randn(6, options.Height, options.Width, options.ImageChannels).permute(0, 3, 1, 2);
        (Tensor own, Tensor torchs) = (Gradient(isShared: true), Gradient(isShared: false));
        Assert.InRange(((own - torchs).norm() / torchs.norm()).ToDouble(), 0, 1e-3);

        Tensor Gradient(bool isShared)
        {
            using SampleDraws draws = new(1, [1, 2, 3, 4, 5, 6]);
            using SharedStatistics? shared = isShared ? new(static _ => { }) : null;
            foreach (Parameter parameter in network.parameters())
            {
                parameter.grad = null;
            }

            network.Encoder.call(images).sin().sum().backward();
            return cat([.. network.Encoder.parameters().Select(parameter => parameter.grad!.flatten())]).clone();
        }
    }

    [Fact]
    public void In_R_statistics_cannot_be_shared_since_each_process_evaluates_it_as_often_as_its_samples_need()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = new MnistFpnOptions().CreateNetwork();
        using SharedStatistics shared = new(static _ => { });
        Assert.Contains(
            "within R cannot share", Assert.ThrowsAny<Exception>(() => network.call(randn(2, 1, 28, 28))).Message, StringComparison.Ordinal);
    }
}
