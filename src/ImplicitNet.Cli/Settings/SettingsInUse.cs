using ImplicitNet.Cli.Options;
using ImplicitNet.Flows;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Settings;

/// <summary>What the settings of a run come to: for the trainer, for the model, and in words.</summary>
internal static class SettingsInUse
{
    extension(RunSettings settings)
    {
        /// <summary>For headings: "0.001", or "0.001 and absolute 0.01".</summary>
        public string ToleranceWords => Display.Number(settings.Tolerance, "0.######")
            + (settings.AbsoluteTolerance > 0 ? $" and absolute {Display.Number(settings.AbsoluteTolerance, "0.######")}" : "");

        /// <summary>Whether the run is that of an explicit twin, which has no fixed point.</summary>
        public bool IsExplicit => settings.Explicit || settings.Untied is not null;

        /// <summary>How the trainer is told.</summary>
        /// <exception cref="ArgumentException">A value is out of its range.</exception>
        public TrainingOptions ToTrainingOptions() => new()
        {
            Epochs = settings.Epochs,
            LearningRate = settings.LearningRate,
            Schedule = ScheduleChoice.Create(settings.Schedule),
            WarmupSteps = settings.Warmup,
            WeightDecay = settings.WeightDecay,
            ClipNorm = settings.ClipNorm,
            AverageDecay = settings.Average,
            LocalBatchStatistics = settings.BatchNorm == BatchNormChoice.Local,
            WarmStart = settings.WarmStart ? new LatentCacheOptions { Dtype = ScalarType.Float16 } : null,
            JacobianPenalty = settings.JacobianPenalty is { } weight ? new JacobianPenalty { Weight = weight } : null,
            CertificateSteps = settings.CertificateEvery,
            Escalation = settings.Escalate ? new EscalationPolicy() : null,
            CheckpointSteps = settings.CheckpointEvery,
            Solves = settings.Pretrain > 0
                ? new UnrolledPretraining
                {
                    TrainingSteps = settings.Pretrain,
                    StartNoise = settings.StartNoise,
                    Then = settings.Solves,
                }
                : settings.Solves,
        };

        /// <summary>How far training solves go, after a pretraining.</summary>
        private SolveSchedule Solves => settings.TrainSteps is { } most
            ? new RandomSteps
            {
                From = settings.RandomSteps ? 1 : most,
                To = most,
                StartNoise = settings.StartNoise,
                RelativeTolerance = settings.TrainTolerance,
            }
            : SolveSchedule.UntilConverged with { StartNoise = settings.StartNoise, RelativeTolerance = settings.TrainTolerance };

        /// <summary>Training steps, from the first on, whose solves are cut short.</summary>
        public long CutSteps => settings.TrainSteps is null ? settings.Pretrain : long.MaxValue;

        /// <summary>A model of a network on the data of the run, solved as the run says.</summary>
        /// <exception cref="ArgumentException">A value is out of its range.</exception>
        public NetworkConfig ToConfig(NetworkOptions network) => network is FlowNetworkOptions flow
            ? new FlowModelConfig
            {
                Data = settings.Data,
                RelativeTolerance = settings.Tolerance,
                AbsoluteTolerance = settings.AbsoluteTolerance,
                MaxSteps = settings.MaxSteps,
                Method = settings.Method,
                Network = flow,
            }
            : settings.ToModelConfig((ImplicitNetworkOptions)network);

        /// <summary>A model of an implicit network.</summary>
        /// <exception cref="ArgumentException">A value is out of its range.</exception>
        public ModelConfig ToModelConfig(ImplicitNetworkOptions network) => new()
        {
            Data = settings.Data,
            RelativeTolerance = settings.Tolerance,
            AbsoluteTolerance = settings.AbsoluteTolerance,
            MaxSteps = settings.MaxSteps,

            // Their map is constant: one full step is its fixed point, and a damped one is on the way there, and there is nothing to split.
            Solver = settings.Explicit && SolverChoice.IsSplitting(settings.Solver) ? SolverChoice.Default : settings.Solver,
            Damping = settings.IsExplicit ? 1 : settings.Damping,
            Memory = settings.Memory,
            Gradient = GradientChoice.Parse(settings.Gradient).Text,
            Network = network,
        };

        /// <summary>The terms of the loss that are integrated along flows in training.</summary>
        public IReadOnlyList<FlowPenalty> FlowPenalties() =>
        [
            .. settings.KineticPenalty is { } kinetic ? [new KineticPenalty { Weight = kinetic }] : Array.Empty<FlowPenalty>(),
            .. settings.JacobianPenalty is { } jacobian ? [new FlowJacobianPenalty { Weight = jacobian }] : Array.Empty<FlowPenalty>(),
        ];
    }
}
