ALTER TABLE "customer" ADD COLUMN "allowed_model_region" text;
