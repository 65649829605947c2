using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>How good the gradients of a network with a flow are.</summary>
internal static class FlowAudit
{
    private static readonly FlowGradient[] Others = [new Backsolve(), new TruncatedAdjoint()];

    /// <summary>Certifies the network's own gradient, and others beside it.</summary>
    /// <param name="network">In evaluation mode; its settings are the same afterwards.</param>
    /// <param name="task">Whose loss is differentiated, as a mean over the samples whose flow comes to its end.</param>
    /// <param name="batch">What it is differentiated on.</param>
    public static IReadOnlyList<FlowCertificate> Certify(FlowModel network, TrainingTask task, Batch batch)
    {
        FlowSettings own = network.Flow.Layer.Settings;
        try
        {
            return [.. Others.Prepend(own.Gradient).Distinct().Select(gradient =>
            {
                network.Flow.Layer.Settings = own with { Gradient = gradient, OnFailure = new MaskFailures() };
                return FlowGradientCertifier.Certify(network, Loss);
            })];
        }
        finally
        {
            network.Flow.Layer.Settings = own;
        }

        Tensor Loss()
        {
            using SolveScope flows = new();
            Tensor output = network.call(batch.Inputs);
            return flows.Average(task.Losses(output, batch));
        }
    }
}
