/** What notebooks and programs import as `potstill`. */
export { loadBackend } from "./backend/load.ts";
export type { BackendInfo } from "./backend/load.ts";

export { batchAt, batches, evaluationBatches } from "./data/batches.ts";
export { cached } from "./data/cached.ts";
export { openCocoFolder } from "./data/coco-folder.ts";
export { openCoco } from "./data/coco.ts";
export { syntheticScenes } from "./data/synthetic.ts";
export { writeCoco } from "./data/write-coco.ts";
export type { Batch, Target } from "./data/batch.ts";
export type { Annotation, Category, Dataset, ImageInfo, Pixels } from "./data/dataset.ts";

export { regnet, resnet } from "./detector/backbones/describe.ts";
export { atss } from "./detector/atss.ts";
export { cascadeRcnn } from "./detector/cascade-rcnn.ts";
export { cost } from "./detector/cost.ts";
export { fcos } from "./detector/fcos.ts";
export { fasterRcnn } from "./detector/faster-rcnn.ts";
export { gfl } from "./detector/gfl.ts";
export { maskRcnn } from "./detector/mask-rcnn.ts";
export { retinanet } from "./detector/retinanet.ts";
export type { Detections, Detector, LossTerms, Parameter, Prediction } from "./detector/detector.ts";
export { checkpoints, fetchCheckpoint, loadWeights, readSafetensors, readWeights, saveWeights, writeSafetensors } from "./detector/weights/index.ts";
export type { LoadReport, LoadWeightsOptions } from "./detector/weights/index.ts";

export * from "./distill/index.ts";
export { experimentSteps } from "./papers/build.ts";
export { preflight } from "./papers/preflight.ts";
export { recipeOf } from "./papers/detectors.ts";
export type { DetectorKind, DetectorSpec } from "./papers/detectors.ts";
export type { Experiment } from "./papers/experiment.ts";
export { optimiserOf, recipeSettings } from "./train/recipe.ts";
export type { TrainingSettings } from "./train/recipe.ts";
export { training } from "./train/training.ts";
export { constant, from, learningRate, product, ramp, stepwise, until } from "./train/schedule.ts";
export { restoreCheckpoint, saveCheckpoint } from "./train/checkpoint.ts";
export type { Step } from "./train/step.ts";

export * from "./evaluate/index.ts";

export { NonMonotoneError, TargetOutsideError, searchLambda } from "./calibrate/search.ts";
export { secantLambda } from "./calibrate/secant.ts";
export { meanShare, observedEstimate, oneRunEstimate } from "./calibrate/share.ts";
export { atLambda, calibrateMethod, searchMethod, weightsForShares } from "./calibrate/method.ts";
export { methodShares, showMethodShares, tinyStudy } from "./calibrate/method-shares.ts";
export type { MethodShare } from "./calibrate/method-shares.ts";
export { powerLaw } from "./calibrate/power-law.ts";
export { calibrationStudy, collect, estimateReadings } from "./calibrate/study.ts";
export { showChannels, showExamples, showReadings, showResult, showSearch, showSetting, showShares, verdict } from "./calibrate/show.ts";
export type { SeedResult } from "./calibrate/show.ts";
export type { SearchState } from "./calibrate/search.ts";
export type { ReadingEstimates } from "./calibrate/study.ts";
export type { Profile } from "./papers/sssd.ts";

export { anchorPicture } from "./report/anchor-picture.ts";
export { assignmentPicture } from "./report/assignment-picture.ts";
export { cellMaps, cellsOfLevels, listedCells } from "./report/cell-maps.ts";
export type { CellMapOptions } from "./report/cell-maps.ts";
export { detectionsPicture } from "./report/detections-picture.ts";
export { detectorTable } from "./report/detector-table.ts";
export { examples } from "./report/examples.ts";
export { heatPanels } from "./report/heat-panels.ts";
export type { HeatGroup, HeatMap, HeatPanelsOptions } from "./report/heat-panels.ts";
export { lineFigure } from "./report/figures.ts";
export { activations, lookAt, viewsOf } from "./report/look.ts";
export type { LevelMap, Look, View } from "./report/look.ts";
export { lookThrough } from "./report/method-look.ts";
export type { MethodLook, MethodLookOptions, MethodSight } from "./report/method-look.ts";
export { overlay } from "./report/overlay.ts";
export { presetTable } from "./report/preset-table.ts";
export { pyramidPicture } from "./report/pyramid-picture.ts";
export { lookAtRegions } from "./report/regions-look.ts";
export type { RegionLook } from "./report/regions-look.ts";
export { regionsPicture } from "./report/regions-picture.ts";
export { shareBars } from "./report/share-bars.ts";
export type { ShareBar } from "./report/share-bars.ts";
export { searchFigure, stackedSharesFigure } from "./report/share-figures.ts";
export { table } from "./report/table.ts";

export * from "./tensor/masks/index.ts";
export { random } from "./tensor/random.ts";
